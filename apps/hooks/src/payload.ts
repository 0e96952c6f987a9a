/** What Claude Code writes on a hook's stdin, as far as we read it. Unknown fields are ignored, missing ones are `undefined`. */
export interface HookPayload {
  sessionId: string | undefined
  cwd: string | undefined
  /** SessionStart: `startup`, `resume`, `clear`, `compact`, `fork`. */
  source: string | undefined
  /** SessionEnd: `other`, `prompt_input_exit`, `clear`, `resume`, `logout`. */
  reason: string | undefined
  title: string | undefined
  /** WorktreeCreate: what the person or the client calls the tree. */
  name: string | undefined
  /** WorktreeRemove. */
  worktreePath: string | undefined
}

function textOf(fields: Record<string, unknown>, name: string): string | undefined {
  const value = fields[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The fields of a payload. Text that is no JSON object has none: a hook goes on with what the environment tells. */
export function readFields(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : {}
  } catch {
    return {}
  }
}

/** Reads a payload field by field. */
export function readPayload(text: string): HookPayload {
  const fields = readFields(text)
  return {
    sessionId: textOf(fields, 'session_id'),
    cwd: textOf(fields, 'cwd'),
    source: textOf(fields, 'source'),
    reason: textOf(fields, 'reason'),
    title: textOf(fields, 'session_title'),
    name: textOf(fields, 'name'),
    worktreePath: textOf(fields, 'worktree_path'),
  }
}
