/** Fields of a hook's payload as they came; nothing in them is believed. */
export type HookFields = Readonly<Record<string, unknown>>

/** A text that says something; an `mcp_tool` hook puts `''` where a field is missing. */
export function textOf(fields: HookFields, name: string): string | undefined {
  const value = fields[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** An object or list, also when it came as JSON text, which is how an `mcp_tool` hook passes one on. */
function structure(value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (!/^\s*[[{]/.test(value)) return undefined
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

function isFields(value: unknown): value is HookFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function object(value: unknown): HookFields {
  const found = structure(value)
  return isFields(found) ? found : {}
}

/** What the client tells about a tool call, as far as we read it. Unknown fields are ignored, missing ones `undefined`. */
export interface ToolFields {
  cwd: string | undefined
  /** Set inside a subagent. */
  agentId: string | undefined
  tool: string
  /** The tool's own arguments. */
  input: HookFields
  /** After a Bash call: the files that it changed, where the client tells them. */
  changedFiles: string[] | undefined
}

function changedFiles(fields: HookFields): string[] | undefined {
  const told = structure(fields['changed_files'])
  const list = told ?? object(object(fields['tool_response'])['bashEditDiff'])['changedFiles']
  if (!Array.isArray(list)) return undefined
  return list.filter((path): path is string => typeof path === 'string' && path !== '')
}

/** Reads a tool event from the client's own payload, or from the fields that an `mcp_tool` hook picks out of it. */
export function toolFields(fields: HookFields): ToolFields {
  return {
    cwd: textOf(fields, 'cwd'),
    agentId: textOf(fields, 'agent_id'),
    tool: textOf(fields, 'tool_name') ?? '',
    input: object(fields['tool_input']),
    changedFiles: changedFiles(fields),
  }
}
