import { parse } from 'node:path'
import pLimit from 'p-limit'
import { WorktreeError } from './errors.js'
import { git } from './git/run.js'
import { hiddenChanges } from './hidden-changes.js'
import { inspectTree, type Place, placeOf, SETTINGS, STATUS, stateOf, type TreeState } from './inspect.js'
import { locateRepo } from './locate.js'

/** Groups that are looked at side by side: `git status` waits for the disk about as much as it computes. */
const AT_ONCE = 4
const LARGEST_GROUP = 20
/** For each tree of a group, in milliseconds. */
const PATIENCE_MS = 120_000
/** Not a setting of anybody: it only carries the paths to git. */
const KEY = 'parallelcc.inspected'
/** Every report begins so, and nothing else in one does: names come after a kind. */
const BEGINNING = '# branch.oid '

/** Cuts the reports that git wrote one after the other. */
function cutReports(output: Buffer): Buffer[] {
  const starts = [0]
  const mark = Buffer.from(`\0${BEGINNING}`)
  for (let at = output.indexOf(mark); at !== -1; at = output.indexOf(mark, at + 1)) starts.push(at + 1)
  return starts.map((start, i) => output.subarray(start, starts[i + 1] ?? output.length))
}

/**
 * Asks about several trees with one process of ours: git starts the others, which costs it far less than it costs us. `null` when git
 * stopped on the way. It runs where there is no repository, since git hands on to those processes which one it found itself.
 */
async function askTogether(paths: readonly string[], nowhere: string): Promise<Buffer[] | null> {
  const list = paths.flatMap((path) => ['-c', `${KEY}=${path}`])
  const args = [...list, 'for-each-repo', `--config=${KEY}`, '--', ...SETTINGS, ...STATUS, '--ignored=no']
  try {
    const { stdout } = await git(args, { cwd: nowhere, timeoutMs: PATIENCE_MS * paths.length })
    const reports = cutReports(stdout)
    return reports.length === paths.length ? reports : null
  } catch (error) {
    // one tree that git cannot read ends it for all; asked alone, that one says what it is
    if (error instanceof WorktreeError && error.code !== 'WORKTREE_GIT_MISSING') return null
    throw error
  }
}

/** What a look at one tree came to. */
export type Look = TreeState | Error

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

interface Tree {
  path: string
  place: Place
}

/** The trees with their places; `null` when one of them is none: asked alone, that one says why. */
function placed(paths: readonly string[]): Tree[] | null {
  try {
    return paths.map((path) => ({ path, place: placeOf(path, undefined) }))
  } catch {
    return null
  }
}

async function fromReport({ path, place }: Tree, stdout: Buffer): Promise<TreeState> {
  const { gitDir, args } = place
  const hidden = await hiddenChanges({ path, gitDir, args: [...SETTINGS, ...args], status: STATUS })
  return stateOf({ path, gitDir, stdout, hidden })
}

async function inspectGroup(paths: readonly string[], nowhere: string): Promise<Look[]> {
  const trees = paths.length > 1 ? placed(paths) : null
  const reports = trees === null ? null : await askTogether(paths, nowhere)
  if (trees === null || reports === null) {
    return Promise.all(paths.map((path) => inspectTree(path).catch(asError)))
  }
  return Promise.all(trees.map((tree, i) => fromReport(tree, reports[i] as Buffer).catch(asError)))
}

/**
 * Looks at many working trees as `inspectTree` does at each, with few processes. A tree that cannot be looked at gives the error that
 * `inspectTree` throws for it.
 */
export async function inspectTrees(paths: readonly string[]): Promise<Look[]> {
  const nowhere = parse(process.cwd()).root
  const share = Math.min(LARGEST_GROUP, Math.ceil(paths.length / AT_ONCE))
  const size = locateRepo(nowhere) === null ? Math.max(1, share) : 1
  const limit = pLimit(AT_ONCE)
  const groups = Array.from({ length: Math.ceil(paths.length / size) }, (_, i) =>
    paths.slice(i * size, (i + 1) * size),
  )
  const looks = await Promise.all(groups.map((group) => limit(() => inspectGroup(group, nowhere))))
  return looks.flat()
}
