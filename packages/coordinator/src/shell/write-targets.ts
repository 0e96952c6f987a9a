import type { Findings } from './walk.js'

/** Longer commands carry data, and a parser has its limits. */
const MOST_CHARACTERS = 32_768

/** Nothing is written where none of these stands; most commands need no parser. Wrong only towards parsing too much. */
const MAY_WRITE: RegExp =
  />|\b(?:tee|sed|perl|mv|cp|rm|unlink|truncate|touch|dd|install|ln|find|xargs|parallel|patch|rsync|ed|ex|eval|source|bash|sh|dash|zsh|ksh|checkout|restore|stash|apply|reset|clean|switch|merge|pull|rebase|revert|am|cherry-pick)\b|\\|(?:^|[\s;&|(])\.\s|["'][a-z]|[a-z]["']|\$/

/** Whether a command is worth parsing. */
export function mayWrite(command: string): boolean {
  return MAY_WRITE.test(command)
}

/**
 * What a shell command writes to, in the order in which it stands there, the shell standing in `cwd` at its beginning. `unread` tells
 * that some of it cannot be told before it runs: variables, globs, scripts, what is no shell. Never fails, never runs anything.
 */
export async function writeTargets(command: string, cwd: string): Promise<Findings> {
  if (command.length > MOST_CHARACTERS || command.includes('\0')) return { targets: [], unread: true }
  if (!mayWrite(command)) return { targets: [], unread: false }
  const [{ shellParser }, { findTargets }] = await Promise.all([import('./parser.js'), import('./walk.js')])
  const parse = await shellParser()
  const tree = parse(command)
  if (tree === null) return { targets: [], unread: true }
  try {
    return findTargets(parse, tree.rootNode, cwd)
  } catch (error) {
    // nesting beyond what the stack holds
    if (error instanceof RangeError) return { targets: [], unread: true }
    throw error
  } finally {
    tree.delete()
  }
}
