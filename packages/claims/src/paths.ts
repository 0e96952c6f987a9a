import { lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, sep } from 'node:path'
import { ClaimsError } from './errors.js'
import { escapePattern, hasMagic } from './globs.js'
import { folderPattern, isReadable, meansEverything } from './patterns.js'

/** Where a path is, with respect to the working trees of one repository. Paths inside are relative to their tree, with `/`. */
export type Placed =
  | { kind: 'inside'; tree: string; path: string }
  | { kind: 'root'; tree: string }
  /** Not in any tree, or in git's own folder. */
  | { kind: 'outside'; path: string }

/** Says whether the disk that a tree lies on takes `A` and `a` for the same name. */
export type FoldProbe = (root: string) => boolean

export interface PlaceInput {
  path: string
  cwd: string
  /** Real paths of the repository's working trees. */
  trees: readonly string[]
}

const MAX_LINKS = 40

interface NodeId {
  dev: number
  ino: number
}

function idOf(path: string): NodeId | null {
  try {
    const { dev, ino } = statSync(path)
    return { dev, ino }
  } catch {
    return null
  }
}

const folding = new Map<string, boolean>()

/** Every working tree has a `.git`; a disk that folds case finds it by another spelling too. */
function diskFolds(root: string): boolean {
  const before = folding.get(root)
  if (before !== undefined) return before
  const plain = idOf(join(root, '.git'))
  const upper = idOf(join(root, '.GIT'))
  const folds = plain !== null && upper !== null && plain.dev === upper.dev && plain.ino === upper.ino
  folding.set(root, folds)
  return folds
}

/** What `realpath` would say, for a path of which the last parts need not exist: where writing to it would end up. */
function realOf(absolute: string): string {
  try {
    return realpathSync.native(absolute)
  } catch {
    return walk(absolute)
  }
}

/** Part by part, since `..` after a link leads out of where the link leads to. */
function walk(absolute: string): string {
  const todo = absolute.split(sep).toReversed()
  let at: string = sep
  let links = 0
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    if (part === '' || part === '.') continue
    if (part === '..') {
      at = dirname(at)
      continue
    }
    const next = join(at, part)
    const target = links < MAX_LINKS ? linkTarget(next) : null
    if (target === null) {
      at = next
      continue
    }
    links += 1
    if (isAbsolute(target)) at = sep
    todo.push(...target.split(sep).toReversed())
  }
  return at
}

function linkTarget(path: string): string | null {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null
  } catch {
    return null
  }
}

/** The rest of `path` below `root`, `''` for the root itself, or `null` when it is not below. */
function below(root: string, path: string, folds: boolean): string | null {
  const [base, full] = folds ? [fold(root), fold(path)] : [root, path]
  if (full === base) return ''
  const prefix = base.endsWith(sep) ? base : base + sep
  return full.startsWith(prefix) ? full.slice(prefix.length) : null
}

/** One spelling for all that a folding disk takes for the same name. */
function fold(path: string): string {
  return path.normalize('NFC').toLowerCase()
}

/**
 * The one spelling of a path that all working trees of a repository share: symbolic links and `..` followed as the disk would, the
 * tree with the longest root that holds it taken off, and on a disk that folds case in lower case. Files need not exist.
 */
export function placePath(input: PlaceInput, foldsCase: FoldProbe = diskFolds): Placed {
  const { path, cwd, trees } = input
  if (path.includes('\0')) return { kind: 'outside', path }
  const real = realOf(isAbsolute(path) ? path : `${cwd}${sep}${path}`)
  let best: { tree: string; rest: string } | null = null
  for (const tree of trees) {
    // looking at a tree's disk costs more than leaving out the trees that hold it in no spelling
    if (below(tree, real, true) === null) continue
    const rest = below(tree, real, foldsCase(tree))
    if (rest !== null && (best === null || tree.length > best.tree.length)) best = { tree, rest }
  }
  if (best === null) return { kind: 'outside', path: real }
  if (best.rest === '') return { kind: 'root', tree: best.tree }
  const parts = best.rest.split(sep)
  // git takes no such name in any spelling, so there is nothing in it that could be claimed
  if (parts.some((part) => part.toLowerCase() === '.git')) return { kind: 'outside', path: real }
  return { kind: 'inside', tree: best.tree, path: parts.join('/') }
}

export interface ParseInput {
  text: string
  cwd: string
  trees: readonly string[]
  /** Takes what means every file. */
  force?: boolean
}

export interface ClaimPath {
  path: string
  isGlob: boolean
}

/**
 * What a person or a model means by a path to claim. What exists in any of the trees is meant literally, whatever characters it has: a file as
 * itself, a folder as all that is in it, also when it is a folder on the way to something new. Else it is a glob if it has `*`, `?`, `[…]` or
 * `{…}`.
 *
 * @throws ClaimsError `CLAIMS_BAD_PATH`, `CLAIMS_BAD_GLOB`, `CLAIMS_TOO_WIDE`, `CLAIMS_OUTSIDE`
 */
export function parseClaimPath(input: ParseInput, foldsCase: FoldProbe = diskFolds): ClaimPath {
  const { text, cwd, trees } = input
  if (text.trim() === '' || text.includes('\0')) {
    throw new ClaimsError('CLAIMS_BAD_PATH', `'${text.replaceAll('\0', '\\0')}' is no path`, {
      hint: 'Name a file, a folder, or a glob such as src/**.',
    })
  }
  const kind = kindAnywhere(text, input, foldsCase)
  const found =
    kind === 'none' && hasMagic(text)
      ? globIn(input, foldsCase)
      : plainIn(text, placePath({ path: text, cwd, trees }, foldsCase), kind)
  if (found.isGlob && input.force !== true && meansEverything(found.path)) {
    throw new ClaimsError('CLAIMS_TOO_WIDE', `'${text}' means every file of the repository`, {
      hint: 'Name a folder or a file, or add --force if you do mean all of it.',
      data: { path: text },
    })
  }
  return found
}

function kindOf(path: string): 'folder' | 'other' | 'none' {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'other'
  } catch {
    // a link that leads nowhere is there as well
    return linkTarget(path) === null ? 'none' : 'other'
  }
}

/** What a path is here, or else in the first tree that has it: another session may have made it in its own. */
function kindAnywhere(
  text: string,
  { cwd, trees }: Omit<ParseInput, 'text'>,
  foldsCase: FoldProbe,
): ReturnType<typeof kindOf> {
  const here = kindOf(isAbsolute(text) ? text : `${cwd}${sep}${text}`)
  if (here !== 'none') return here
  const placed = placePath({ path: text, cwd, trees }, foldsCase)
  if (placed.kind !== 'inside') return 'none'
  return trees.map((tree) => kindOf(join(tree, placed.path))).find((kind) => kind !== 'none') ?? 'none'
}

function plainIn(text: string, placed: Placed, kind: 'folder' | 'other' | 'none'): ClaimPath {
  if (placed.kind === 'outside') throw outside(text)
  if (placed.kind === 'root') return { path: '**', isGlob: true }
  const isFolder = kind === 'folder' || (kind === 'none' && text.endsWith('/'))
  return isFolder ? { path: folderPattern(placed.path), isGlob: true } : { path: placed.path, isGlob: false }
}

function outside(text: string): ClaimsError {
  return new ClaimsError('CLAIMS_OUTSIDE', `'${text}' is in no working tree of this repository`, {
    hint: 'Claims are on files of the repository; name it relative to the current directory.',
    data: { path: text },
  })
}

function isMagic(part: string): boolean {
  return hasMagic(part.replace(/\\./g, ''))
}

/** The folders that a text begins with. `[id]` is one where there is such a folder, and a set of characters elsewhere. */
function leadingFolders(parts: readonly string[], isFolder: (path: string) => boolean): string[] {
  const folders: string[] = []
  for (const part of parts.slice(0, -1)) {
    const name = isMagic(part) ? part : part.replace(/\\(.)/g, '$1')
    if (isMagic(part) && !isFolder([...folders, name].join('/'))) break
    folders.push(name)
  }
  return folders
}

/** What follows the folders that a text begins with is the pattern, or one more name. */
function globIn(input: ParseInput, foldsCase: FoldProbe): ClaimPath {
  const { text, cwd, trees } = input
  const parts = text.split('/')
  const base = leadingFolders(parts, (folder) => kindAnywhere(folder, input, foldsCase) === 'folder')
  const rest = parts.slice(base.length)
  const path = base.length === 0 ? './' : `${base.join('/')}/`
  if (!rest.some(isMagic)) {
    const literal = path + rest.join('/').replace(/\\(.)/g, '$1')
    return plainIn(literal, placePath({ path: literal, cwd, trees }, foldsCase), 'none')
  }
  if (rest.some((part) => part === '..' || part === '.')) throw unreadable(text)
  const placed = placePath({ path, cwd, trees }, foldsCase)
  if (placed.kind === 'outside') throw outside(text)
  const tail = foldsCase(placed.tree) ? fold(rest.join('/')) : rest.join('/')
  const glob = placed.kind === 'root' ? tail : `${escapePattern(placed.path)}/${tail}`
  if (!isReadable(glob)) throw unreadable(text)
  return { path: glob, isGlob: true }
}

function unreadable(text: string): ClaimsError {
  return new ClaimsError('CLAIMS_BAD_GLOB', `'${text}' is no glob that claims understand`, {
    hint: 'Use *, **, ?, [a-z] and {a,b}; write \\ before a character that is meant literally.',
    data: { path: text },
  })
}
