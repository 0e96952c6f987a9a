import { statSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import type { Node } from 'web-tree-sitter'
import { gitWrites } from './git-writes.js'
import type { ParseShell } from './parser.js'
import { type Word, wordOf } from './words.js'
import { unwrap } from './wrappers.js'
import { WRITERS, writerLabel } from './writers.js'

/** What a command writes to. */
export interface WriteTarget {
  /** Absolute; links and `..` in it are not followed yet. */
  path: string
  by: string
  /** Set when the command names no path and may write to any file of the tree that `path` stands in. */
  isWholeTree?: true
}

export interface Findings {
  targets: WriteTarget[]
  unread: boolean
}

/** Where the shell stands, as far as it can be told; `null` after a `cd` to what only the shell knows. */
interface Shell {
  cwd: string | null
}

interface Walk {
  found: Findings
  parse: ParseShell
  functions: Map<string, Node>
  /** What may still be looked at: functions that call each other twice grow without end. */
  budget: { steps: number }
  /** How many shells and functions deep. */
  depth: number
}

const MOST_DEPTH = 8
const MOST_STEPS = 50_000
const MOST_TARGETS = 500
const SHELLS = new Set(['bash', 'sh', 'dash', 'zsh', 'ksh'])
const WRITING = /^\d*(?:>|>>|>\||&>|&>>|<>|>&)$/

function stat(path: string): { isDirectory(): boolean } | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    // what cannot be looked at is no folder
    return undefined
  }
}

/** Not normalised: `..` after a link means what the disk says. */
function at(shell: Shell, path: string): string | null {
  if (isAbsolute(path)) return path
  return shell.cwd === null ? null : `${shell.cwd}/${path}`
}

function note(walk: Walk, shell: Shell, { word, by }: { word: Word; by: string }): void {
  const path = word === null || word === '' ? null : at(shell, word)
  if (path === null || walk.found.targets.length >= MOST_TARGETS) walk.found.unread = true
  else if (!path.startsWith('/dev/')) walk.found.targets.push({ path, by })
}

function goTo(shell: Shell, folder: Word): void {
  if (folder === null || folder === '' || folder === '-' || folder.startsWith('+')) shell.cwd = null
  else if (isAbsolute(folder)) shell.cwd = resolve(folder)
  else if (shell.cwd !== null) shell.cwd = resolve(shell.cwd, folder)
}

function changeFolder(shell: Shell, args: readonly Word[]): void {
  const folder = args.find((arg) => arg === null || !/^-[LPe@n]*$|^--$/.test(arg) || arg === '-')
  goTo(shell, folder ?? null)
}

function git(walk: Walk, shell: Shell, args: readonly Word[]): void {
  const standing = (folders: readonly Word[]): Shell => {
    const there = { ...shell }
    for (const folder of folders) if (folder !== '') goTo(there, folder)
    return there
  }
  const writes = gitWrites(args, (folders, path) => {
    const full = at(standing(folders), path)
    return full !== null && stat(full) !== undefined
  })
  if (writes === null) return
  const there = standing(writes.folders)
  if (writes.unread) {
    walk.found.unread = true
    return
  }
  if (writes.isWhole) {
    if (there.cwd === null) walk.found.unread = true
    else walk.found.targets.push({ path: there.cwd, by: writes.by, isWholeTree: true })
  }
  for (const path of writes.paths) note(walk, there, { word: path, by: writes.by })
}

function script(walk: Walk, shell: Shell, text: Word): void {
  if (text === null || walk.depth >= MOST_DEPTH) {
    walk.found.unread = true
    return
  }
  const tree = walk.parse(text)
  if (tree === null) {
    walk.found.unread = true
    return
  }
  try {
    walkScript({ ...walk, functions: new Map(walk.functions), depth: walk.depth + 1 }, shell, tree.rootNode)
  } finally {
    tree.delete()
  }
}

/** `bash -c TEXT`, also as `-lc`; a file of commands is not read. */
function innerShell(walk: Walk, shell: Shell, args: readonly Word[]): void {
  const flag = args.findIndex((arg) => arg !== null && /^-[a-zA-Z]*c$/.test(arg))
  if (flag === -1) {
    if (!args.every((arg) => arg === '--version' || arg === '-n')) walk.found.unread = true
    return
  }
  script(walk, { ...shell }, args.slice(flag + 1).find((arg) => arg === null || !arg.startsWith('-')) ?? null)
}

function call(walk: Walk, shell: Shell, body: Node): void {
  if (walk.depth >= MOST_DEPTH) walk.found.unread = true
  else visit({ ...walk, depth: walk.depth + 1 }, shell, body)
}

function run(walk: Walk, shell: Shell, argv: readonly Word[]): void {
  const { program, args, folders } = unwrap(argv)
  if (program === null) {
    walk.found.unread = true
    return
  }
  const there = folders.length === 0 ? shell : { ...shell }
  for (const folder of folders) goTo(there, folder)
  const body = walk.functions.get(program)
  if (body !== undefined) call(walk, there, body)
  else if (program === 'cd' || program === 'pushd') changeFolder(there, args)
  else if (program === 'popd') there.cwd = null
  else if (program === 'git') git(walk, there, args)
  else if (program === 'eval') {
    script(walk, there, args.includes(null) ? null : args.join(' '))
  } else if (SHELLS.has(program)) innerShell(walk, there, args)
  else {
    const isFolder = (path: string): boolean => {
      const full = at(there, path)
      return full !== null && stat(full)?.isDirectory() === true
    }
    const writes = WRITERS.get(program)?.(args, isFolder)
    if (writes?.unread === true) walk.found.unread = true
    for (const word of writes?.paths ?? []) note(walk, there, { word, by: writerLabel(program) })
  }
}

function children(node: Node): Node[] {
  return node.namedChildren.filter((child): child is Node => child !== null)
}

/** Substitutions inside words run in shells of their own. */
function visitSubstitutions(walk: Walk, shell: Shell, node: Node): void {
  if (node.namedChildCount > 0) visit(walk, { ...shell }, node)
}

/** The words after a redirection's file belong to the command again. */
function redirect(walk: Walk, shell: Shell, node: Node): Word[] {
  const [file, ...more] = node.childrenForFieldName('destination').filter((child) => child !== null)
  if (file === undefined) return []
  visitSubstitutions(walk, shell, file)
  const operator = node.children
    .filter(
      (child) => child !== null && child.startIndex < file.startIndex && child.type !== 'file_descriptor',
    )
    .map((child) => child?.text ?? '')
    .join('')
  const word = wordOf(file)
  const isDescriptor = operator === '>&' && (word === null || /^(\d+-?|-)$/.test(word))
  if (WRITING.test(operator) && !isDescriptor) note(walk, shell, { word, by: 'redirect' })
  return more.map((extra) => {
    visitSubstitutions(walk, shell, extra)
    return wordOf(extra)
  })
}

function command(walk: Walk, shell: Shell, { node, outer }: { node: Node; outer: readonly Word[] }): void {
  const argv: Word[] = []
  const extras: Word[] = []
  for (const child of children(node)) {
    if (child.type === 'file_redirect') extras.push(...redirect(walk, shell, child))
    else if (child.type === 'variable_assignment' || child.type.endsWith('_redirect'))
      visitSubstitutions(walk, shell, child)
    else {
      visitSubstitutions(walk, shell, child)
      argv.push(wordOf(child))
    }
  }
  if (argv.length > 0) run(walk, shell, [...argv, ...extras, ...outer])
}

/** A redirection after a list belongs to its last command only, and sees where that stands. */
function redirected(walk: Walk, shell: Shell, node: Node): void {
  const body = node.childForFieldName('body')
  const redirects = children(node).filter((child) => child.id !== body?.id)
  const isLast = body?.type === 'list' || body?.type === 'pipeline'
  if (body !== null && isLast) visit(walk, shell, body)
  const before = { ...shell }
  const extras = redirects.flatMap((child) => {
    if (child.type === 'file_redirect') return redirect(walk, before, child)
    return heredoc(walk, before, child)
  })
  if (body === null || isLast) return
  if (body.type === 'command') command(walk, shell, { node: body, outer: extras })
  else visit(walk, shell, body)
}

/** What follows `<<EOF` on its line: more redirections, arguments, or whole commands. */
function heredoc(walk: Walk, shell: Shell, node: Node): Word[] {
  return children(node).flatMap((child) => {
    if (child.type === 'file_redirect') return redirect(walk, shell, child)
    if (['word', 'string', 'raw_string', 'concatenation', 'number'].includes(child.type))
      return [wordOf(child)]
    if (child.type !== 'heredoc_start' && child.type !== 'heredoc_end') visit(walk, { ...shell }, child)
    return []
  })
}

/** Branches and loops may or may not have been gone through. */
function maybe(walk: Walk, shell: Shell, node: Node): void {
  const inside = { ...shell }
  for (const child of children(node)) visit(walk, inside, child)
  if (inside.cwd !== shell.cwd) shell.cwd = null
}

function list(walk: Walk, shell: Shell, node: Node): void {
  const [left, right] = children(node)
  const isOr = node.children.some((child) => child?.type === '||')
  const before = { ...shell }
  if (left !== undefined) visit(walk, shell, left)
  // what follows `||` runs where the left side failed to go
  if (right !== undefined) visit(walk, isOr ? before : shell, right)
}

function defineFunction(walk: Walk, node: Node): void {
  const name = node.childForFieldName('name')
  const body = node.childForFieldName('body')
  if (name !== null && body !== null) walk.functions.set(name.text, body)
}

function isBroken(node: Node): boolean {
  if (!node.hasError) return false
  if (node.isError || node.isMissing) {
    // the grammar does not know `<>`
    return !(node.parent?.type === 'file_redirect' && node.text === '>')
  }
  return node.children.some((child) => child !== null && isBroken(child))
}

/** What stands where a statement may; words and whatever else is looked through for substitutions. */
const VISITORS: ReadonlyMap<string, (walk: Walk, shell: Shell, node: Node) => void> = new Map([
  ['command', (walk, shell, node) => command(walk, shell, { node, outer: [] })],
  ['redirected_statement', redirected],
  ['list', list],
  ['function_definition', (walk, _shell, node) => defineFunction(walk, node)],
  ['file_redirect', (walk, shell, node) => void redirect(walk, shell, node)],
  ['heredoc_redirect', (walk, shell, node) => void heredoc(walk, shell, node)],
  ['subshell', inOwnShell],
  ['command_substitution', inOwnShell],
  ['process_substitution', inOwnShell],
  ['pipeline', pipeline],
  ['if_statement', maybe],
  ['elif_clause', maybe],
  ['else_clause', maybe],
  ['while_statement', maybe],
  ['for_statement', maybe],
  ['c_style_for_statement', maybe],
  ['case_statement', maybe],
  ['case_item', maybe],
])

function visit(walk: Walk, shell: Shell, node: Node): void {
  walk.budget.steps -= 1
  if (walk.budget.steps < 0) {
    walk.found.unread = true
    return
  }
  const visitor = VISITORS.get(node.type)
  if (visitor !== undefined) visitor(walk, shell, node)
  else for (const child of children(node)) visit(walk, shell, child)
}

/** Each part of a pipeline is a shell of its own. */
function pipeline(walk: Walk, shell: Shell, node: Node): void {
  for (const child of children(node)) visit(walk, { ...shell }, child)
}

function inOwnShell(walk: Walk, shell: Shell, node: Node): void {
  const inner = { ...walk, functions: new Map(walk.functions) }
  const own = { ...shell }
  for (const child of children(node)) visit(inner, own, child)
}

function walkScript(walk: Walk, shell: Shell, root: Node): void {
  if (root.isError) {
    walk.found.unread = true
    return
  }
  for (const statement of children(root)) {
    if (!isBroken(statement)) visit(walk, shell, statement)
    else {
      // what stands behind a statement that cannot be read may stand anywhere
      walk.found.unread = true
      shell.cwd = null
    }
  }
}

/** Finds what a parsed command writes to, the shell standing in `cwd` at its beginning. */
export function findTargets(parse: ParseShell, root: Node, cwd: string): Findings {
  const found: Findings = { targets: [], unread: false }
  const walk: Walk = { found, parse, functions: new Map(), budget: { steps: MOST_STEPS }, depth: 0 }
  walkScript(walk, { cwd }, root)
  return found
}
