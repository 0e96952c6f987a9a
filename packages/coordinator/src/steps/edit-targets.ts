import { mayWrite, writeTargets } from '../shell/write-targets.js'

/** What a tool call is about to write to. */
export interface EditTarget {
  /** Absolute or relative to the call's directory, as it was spelt. */
  path: string
  /** A command that names no path and may write to any file of the tree that `path` stands in. */
  isWholeTree: boolean
  /** Commands reach folders; the edit tools write single files. */
  mayBeFolder: boolean
}

const FILE_FIELDS: Readonly<Record<string, string>> = {
  Edit: 'file_path',
  MultiEdit: 'file_path',
  Write: 'file_path',
  NotebookEdit: 'notebook_path',
}

/** Longer than any system takes. */
const MOST_PATH = 32_768

function fieldOf(input: unknown, name: string): string | undefined {
  if (typeof input !== 'object' || input === null || !Object.hasOwn(input, name)) return undefined
  const value = (input as Record<string, unknown>)[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Reads what a tool call writes to; nothing for tools that only read, and for input that is not what the tool takes. */
export async function editTargets(call: {
  tool: string
  input: unknown
  cwd: string
}): Promise<EditTarget[]> {
  const { tool, input, cwd } = call
  if (tool === 'Bash') {
    const command = fieldOf(input, 'command')
    if (command === undefined || !mayWrite(command)) return []
    const { targets } = await writeTargets(command, cwd)
    return targets.map(({ path, isWholeTree }) => ({
      path,
      isWholeTree: isWholeTree === true,
      mayBeFolder: true,
    }))
  }
  const field = Object.hasOwn(FILE_FIELDS, tool) ? (FILE_FIELDS[tool] as string) : undefined
  const path = field === undefined ? undefined : fieldOf(input, field)
  if (path === undefined || path.length > MOST_PATH || path.includes('\0')) return []
  return [{ path, isWholeTree: false, mayBeFolder: false }]
}
