/** What Claude Code writes on a hook's stdin, as far as we read it. Unknown fields are ignored, missing ones are `undefined`. */
export interface HookPayload {
  sessionId: string | undefined
  cwd: string | undefined
  /** SessionStart: `startup`, `resume`, `clear`, `compact`, `fork`. */
  source: string | undefined
  /** SessionEnd: `other`, `prompt_input_exit`, `clear`, `resume`, `logout`. */
  reason: string | undefined
  title: string | undefined
  /** Set inside a subagent. */
  agentId: string | undefined
}

function textOf(fields: Record<string, unknown>, name: string): string | undefined {
  const value = fields[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Reads a payload. Text that is no JSON object is an empty payload: a hook goes on with what the environment tells. */
export function readPayload(text: string): HookPayload {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    parsed = undefined
  }
  const fields = typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {}
  return {
    sessionId: textOf(fields, 'session_id'),
    cwd: textOf(fields, 'cwd'),
    source: textOf(fields, 'source'),
    reason: textOf(fields, 'reason'),
    title: textOf(fields, 'session_title'),
    agentId: textOf(fields, 'agent_id'),
  }
}
