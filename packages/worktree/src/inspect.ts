import { createHash, type Hash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { WorktreeError } from './errors.js'
import { parseStatus, type StatusEntry } from './git/parse.js'
import { git } from './git/run.js'
import { hiddenChanges } from './hidden-changes.js'
import { headBranch, locateRepo } from './locate.js'

export type TreeOperation = 'merge' | 'rebase' | 'cherry-pick' | 'revert' | 'bisect' | 'am'

/** What stands in a working tree, counted. */
export interface TreeState {
  head: string | null
  branch: string | null
  upstream: string | null
  staged: number
  /** Dirty submodules count here, and changes that the index hides from `git status`. */
  unstaged: number
  untracked: number
  conflicted: number
  /** Relative paths, `/` at the end of a folder; present when asked for. */
  ignored?: string[]
  /** A git operation that was begun and not ended. */
  operation: TreeOperation | null
  /** Two states taken with the same options and the same fingerprint differ in nothing that matters. */
  fingerprint: string
}

export interface InspectOptions {
  /** The tree's git directory, when the tree does not stand where git believes it. */
  gitDir?: string
  /** List ignored files as well. @default false */
  ignored?: boolean
  /** Also find changes behind `assume-unchanged` and `skip-worktree`, at the price of a second process. @default true */
  hidden?: boolean
  signal?: AbortSignal
}

/** A repository's or a user's configuration must neither run a program nor hide a change here. */
export const SETTINGS: readonly string[] = ['-c', 'core.fsmonitor=false', '-c', 'core.untrackedCache=false']
/** How git is asked; whether for ignored files as well comes after it. */
export const STATUS: readonly string[] = [
  'status',
  '--porcelain=v2',
  '--branch',
  '-z',
  '--untracked-files=all',
  '--ignore-submodules=none',
  '--no-renames',
  '--no-ahead-behind',
  '--no-show-stash',
]

function sequencerOperation(gitDir: string): TreeOperation | null {
  let todo: string
  try {
    todo = readFileSync(join(gitDir, 'sequencer', 'todo'), 'utf8')
  } catch {
    return null
  }
  return /^\s*(revert)\b/m.test(todo) ? 'revert' : 'cherry-pick'
}

/** The names in a git directory: one look instead of one for each file that could be there. */
function namesIn(gitDir: string): ReadonlySet<string> {
  try {
    return new Set(readdirSync(gitDir))
  } catch {
    // what cannot be read, git itself complains about
    return new Set()
  }
}

/** The operation that is parked in a git directory, told from its files. */
export function parkedOperation(gitDir: string): TreeOperation | null {
  const names = namesIn(gitDir)
  // a rebase that stopped also leaves CHERRY_PICK_HEAD, so it is asked about first
  if (names.has('rebase-merge')) return 'rebase'
  if (names.has('rebase-apply')) return existsSync(join(gitDir, 'rebase-apply', 'applying')) ? 'am' : 'rebase'
  if (names.has('MERGE_HEAD')) return 'merge'
  if (names.has('CHERRY_PICK_HEAD')) return 'cherry-pick'
  if (names.has('REVERT_HEAD')) return 'revert'
  const sequenced = names.has('sequencer') ? sequencerOperation(gitDir) : null
  return sequenced ?? (names.has('BISECT_LOG') ? 'bisect' : null)
}

function moved(path: string, why: string): WorktreeError {
  return new WorktreeError('WORKTREE_MOVED', `${path} ${why}`, {
    hint: '`git worktree list` shows the trees; `git worktree repair` mends one that was moved by hand.',
    data: { path },
  })
}

/** Where git looks at a tree. */
export interface Place {
  gitDir: string
  args: string[]
}

/**
 * Makes sure that a path is the root of a tree: without its `.git`, a tree inside another one would silently be answered for by that one.
 *
 * @throws WorktreeError `WORKTREE_MOVED`
 */
export function placeOf(path: string, gitDir: string | undefined): Place {
  if (gitDir !== undefined) return { gitDir, args: [`--git-dir=${gitDir}`, `--work-tree=${path}`] }
  let real: string
  try {
    real = realpathSync(path)
  } catch (error) {
    throw moved(path, `cannot be read: ${(error as NodeJS.ErrnoException).code}`)
  }
  const located = locateRepo(real)
  if (located === null || located.topLevel !== real)
    throw moved(path, 'is not the root of a working tree any more')
  return { gitDir: located.gitDir, args: [] }
}

function addFile(hash: Hash, path: string): void {
  try {
    hash.update(readFileSync(path))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code !== 'ENOENT') {
      throw new WorktreeError('WORKTREE_FS_FAILED', `cannot read ${path}: ${code}`, { cause: error })
    }
    hash.update('\0absent')
  }
}

/** git does not say when a changed file changes again; its size and times do. */
function addStat(hash: Hash, path: string, entry: StatusEntry): void {
  const full = Buffer.concat([Buffer.from(`${path}/`), entry.rawPath])
  try {
    const stat = lstatSync(full, { bigint: true })
    hash.update(`${stat.mode} ${stat.size} ${stat.mtimeNs} ${stat.ino}\0`)
  } catch {
    // deleted, which the status says already
    hash.update('\0gone')
  }
}

function count(entries: readonly StatusEntry[], test: (entry: StatusEntry) => boolean): number {
  return entries.reduce((sum, entry) => (test(entry) ? sum + 1 : sum), 0)
}

/** What git and the disk say of one tree. */
export interface Seen {
  path: string
  gitDir: string
  /** The output of `git status`. */
  stdout: Buffer
  /** Paths of changes that the index hides from it. */
  hidden: readonly string[]
}

/** Counts what was seen, and takes its fingerprint. */
export function stateOf({ path, gitDir, stdout, hidden }: Seen): TreeState {
  const report = parseStatus(stdout)
  const { entries } = report
  const changed = entries.filter((entry) => entry.kind === 'changed')
  const branch = report.branch === '(detached)' ? headBranch(gitDir) : report.branch
  const operation = parkedOperation(gitDir)
  const hash = createHash('sha256').update(`${report.head}\0${branch}\0${operation}\0`).update(stdout)
  hash.update(hidden.join('\0'))
  addFile(hash, join(gitDir, 'index'))
  for (const entry of entries) addStat(hash, path, entry)
  return {
    head: report.head,
    branch,
    upstream: report.upstream,
    staged: count(changed, (entry) => entry.staged !== '.'),
    unstaged: count(changed, (entry) => entry.unstaged !== '.') + hidden.length,
    untracked: count(entries, (entry) => entry.kind === 'untracked'),
    conflicted: count(entries, (entry) => entry.kind === 'conflicted'),
    operation,
    fingerprint: hash.digest('hex'),
  }
}

/**
 * Looks at a working tree and never writes to it, not even to its index.
 *
 * @throws WorktreeError `WORKTREE_MOVED` when `path` is not the root of a working tree, `WORKTREE_GIT_FAILED` when git cannot
 * read it, `WORKTREE_FS_FAILED`
 */
export async function inspectTree(path: string, options: InspectOptions = {}): Promise<TreeState> {
  const { gitDir, args } = placeOf(path, options.gitDir)
  const ignoredArgs = options.ignored === true ? ['--ignored=traditional'] : ['--ignored=no']
  const request = { path, gitDir, args: [...SETTINGS, ...args], status: STATUS }
  const [{ stdout }, hidden] = await Promise.all([
    git([...request.args, ...STATUS, ...ignoredArgs], {
      cwd: path,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    }),
    options.hidden === false ? [] : hiddenChanges(request),
  ])
  const state = stateOf({ path, gitDir, stdout, hidden })
  if (options.ignored !== true) return state
  const { entries } = parseStatus(stdout)
  const ignored = entries.filter((entry) => entry.kind === 'ignored').map((entry) => entry.path)
  return { ...state, ignored }
}
