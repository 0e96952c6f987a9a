import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import {
  inspectTrees,
  type LandedAnswer,
  landedStates,
  listWorktrees,
  openRepo,
  type Repo,
  type TreeState,
  type WorktreeEntry,
} from '@pcc/worktree'
import { locateRepo } from '@pcc/worktree/locate'
import pLimit from 'p-limit'
import type { ViewDeps } from '../hot-coordinator.js'
import { diskBytes } from '../steps/disk-use.js'
import { type Bench, openBench } from '../steps/judge.js'
import { sessionsOf } from '../steps/repo-row.js'

export interface ListInput {
  directory: string
  /** The trees of every repo that has or had a session. */
  all?: boolean
  /** Adds `diskBytes`, which reads every folder. */
  disk?: boolean
}

/** A working tree as `list` tells it. Counts are of paths. */
export interface TreeRow {
  path: string
  name: string
  branch: string | null
  head: string | null
  isMain: boolean
  sessionId: string | null
  isAlive: boolean
  staged: number
  unstaged: number
  untracked: number
  /** Commits that the tree has and its target lacks. */
  ahead: number
  /** Commits that the target has and the tree lacks. */
  behind: number
  landed: { state: LandedAnswer['state']; method: LandedAnswer['method']; reverted: boolean }
  locked: string | null
  operation: TreeState['operation']
  diskBytes?: number
}

export interface ListResult {
  worktrees: TreeRow[]
}

/** How many trees are looked at side by side: git status waits for the disk about as much as it computes. */
const AT_ONCE = 4

type Changes = Pick<TreeState, 'staged' | 'unstaged' | 'untracked' | 'operation'>

const GONE: Changes = {
  staged: 0,
  unstaged: 0,
  untracked: 0,
  operation: null,
}

/** A tree can be registered and not be there: on a disk that is not mounted, or because another command takes it away just now. */
async function lookAt<T>(tree: WorktreeEntry, look: () => Promise<T>, gone: T): Promise<T> {
  if (tree.prunable !== null || !existsSync(tree.path)) return gone
  try {
    return await look()
  } catch (error) {
    if (existsSync(tree.path)) throw error
    return gone
  }
}

async function changesOf(trees: readonly WorktreeEntry[]): Promise<Changes[]> {
  const there = trees.filter((tree) => tree.prunable === null && existsSync(tree.path))
  const looks = await inspectTrees(there.map((tree) => tree.path))
  const seen = new Map(there.map((tree, i) => [tree, looks[i] as TreeState | Error]))
  const changes = (tree: WorktreeEntry) => async (): Promise<Changes> => {
    const look = seen.get(tree) ?? GONE
    if (look instanceof Error) throw look
    return look
  }
  return Promise.all(trees.map((tree) => lookAt<Changes>(tree, changes(tree), GONE)))
}

async function landedOf(bench: Bench, trees: readonly WorktreeEntry[]): Promise<Map<string, LandedAnswer>> {
  const asked = trees.filter((tree) => tree.head !== null)
  if (bench.target.refs.length === 0) return new Map()
  const questions = asked.map((tree) => ({
    tip: tree.head as string,
    base: tree.marker?.base ?? null,
    branch: tree.branch === null ? null : `refs/heads/${tree.branch}`,
  }))
  const answers = await landedStates(bench.repo.commonDir, questions, { targets: bench.target.refs })
  return new Map(asked.map((tree, index) => [tree.path, answers[index] as LandedAnswer]))
}

async function rowsOf(deps: ViewDeps, repo: Repo, disk: boolean): Promise<TreeRow[]> {
  const [bench, listed] = await Promise.all([openBench(deps, repo), listWorktrees(repo)])
  const trees = listed.filter((tree) => !tree.isBare)
  const sessions = await sessionsOf(deps, repo)
  const limit = pLimit(AT_ONCE)
  const [landed, states] = await Promise.all([landedOf(bench, trees), changesOf(trees)])
  const sizes = disk
    ? await Promise.all(trees.map((tree) => limit(() => lookAt(tree, () => diskBytes(tree.path), 0))))
    : []
  return trees.map((tree, index) => {
    const { staged, unstaged, untracked, operation } = states[index] ?? GONE
    const answer = landed.get(tree.path)
    const here = sessions.filter((row) => row.session.worktreePath === tree.path)
    const owner = here.find((row) => row.alive) ?? here.at(-1)
    const size = sizes[index]
    return {
      path: tree.path,
      name: basename(tree.path),
      branch: tree.branch,
      head: tree.head,
      isMain: tree.isMain,
      sessionId: owner?.session.id ?? null,
      isAlive: owner?.alive ?? false,
      staged,
      unstaged,
      untracked,
      ahead: answer?.ahead ?? 0,
      behind: answer?.behind ?? 0,
      landed: {
        state: answer?.state ?? 'no-work',
        method: answer?.method ?? null,
        reverted: answer?.reverted ?? false,
      },
      locked: tree.locked,
      operation,
      ...(size === undefined ? {} : { diskBytes: size }),
    }
  })
}

/** The working trees of a repo, each with its changes, its session and whether it has landed. Never fetches, writes nothing. */
export async function listTrees(deps: ViewDeps, input: ListInput): Promise<ListResult> {
  if (input.all !== true) {
    return { worktrees: await rowsOf(deps, await openRepo(input.directory), input.disk === true) }
  }
  const repos = await deps.store.read.reposOf(deps.runtime.host)
  const rows: TreeRow[] = []
  for (const { commonDir } of repos) {
    // a repository that was deleted since has no trees
    if (locateRepo(commonDir) !== null)
      rows.push(...(await rowsOf(deps, await openRepo(commonDir), input.disk === true)))
  }
  return { worktrees: rows }
}
