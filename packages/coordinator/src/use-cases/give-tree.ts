import { listWorktrees, openRepo, type Repo, resolveObject, slugOf, WorktreeError } from '@pcc/worktree'
import type { Deps } from '../deps.js'
import { repoRow as newRepoRow, repoKey } from '../repo-key.js'
import { makeTree } from '../steps/make-tree.js'
import { repair } from '../steps/repair.js'
import { sessionsOf } from '../steps/repo-row.js'

export interface GiveTreeInput {
  directory: string
  /** What the asker calls it; its slug becomes the branch and the folder. @default `parallel-<id>` */
  name: string | null
}

/** A tree that its asker may work in. */
export interface GivenTree {
  path: string
  branch: string
  /** False: it was made under this name before, and nobody works in it. */
  isNew: boolean
}

/** Somebody has the name, in whatever way: the next one is tried. */
const TAKEN: ReadonlySet<string> = new Set([
  'WORKTREE_NAME_TAKEN',
  'WORKTREE_BRANCH_EXISTS',
  'WORKTREE_BRANCH_CHECKED_OUT',
  'WORKTREE_PATH_TAKEN',
])

const MOST_NAMES = 50

async function wasLeft(deps: Deps, path: string): Promise<boolean> {
  const ended = await deps.store.db
    .selectFrom('sessions')
    .select('id')
    .where('worktree_path', '=', path)
    .where('ended_at', 'is not', null)
    .limit(1)
    .execute()
  return ended.length > 0
}

/**
 * The tree that we made under this name, when a session worked in it and none does now. One that no session has come to yet was given to
 * somebody a moment ago, or to a subagent, which is no session.
 */
async function madeBefore(deps: Deps, repo: Repo, name: string): Promise<GivenTree | null> {
  const found = (await listWorktrees(repo)).find(
    (tree) => tree.marker?.branch === name && tree.branch === name && tree.prunable === null,
  )
  if (found === undefined) return null
  const sessions = await sessionsOf(deps, repo)
  const isBusy = sessions.some((row) => row.alive && row.session.worktreePath === found.path)
  if (isBusy || !(await wasLeft(deps, found.path))) return null
  return { path: found.path, branch: name, isNew: false }
}

/** A long name has no room for a number. */
function numbered(deps: Deps, name: string, number: number): string {
  const wanted = `${name}-${number}`
  return slugOf(wanted) === wanted ? wanted : `parallel-${deps.runtime.newId()}`
}

async function make(
  deps: Deps,
  repo: Repo,
  { name, base }: { name: string; base: string },
): Promise<GivenTree> {
  const id = deps.runtime.newId()
  const tree = await makeTree(deps, { repo, name, base, id })
  const key = repoKey(deps.runtime, repo.commonDir)
  const row = await deps.store.write(key.commonDir, (tx) => tx.ensureRepo(newRepoRow(deps.runtime, key)))
  await deps.store.worktrees.insert({
    id,
    repoId: row.id,
    sessionId: null,
    path: tree.path,
    branch: tree.branch,
    base,
    createdAt: deps.runtime.now(),
    removedAt: null,
  })
  return { path: tree.path, branch: tree.branch, isNew: true }
}

/**
 * Gives a working tree to an agent that asks for one by itself: the one that was made under this name before if nobody works in it, else a
 * fresh one from the HEAD of the asking checkout. A branch or folder that somebody else made is never used: then the name gets a number.
 *
 * @throws WorktreeError, StoreError with their codes; then nothing is left behind.
 */
export async function giveTree(deps: Deps, input: GiveTreeInput): Promise<GivenTree> {
  const repo = await openRepo(input.directory)
  if (!repo.hasCommits) {
    throw new WorktreeError(
      'WORKTREE_NO_COMMITS',
      `${repo.commonDir} has no commit to make a worktree from`,
      {
        hint: 'Make a first commit.',
      },
    )
  }
  await repair(deps, repo)
  const base = await resolveObject(repo.topLevel ?? repo.commonDir, 'HEAD')
  const wanted = (input.name === null ? null : slugOf(input.name)) ?? `parallel-${deps.runtime.newId()}`
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : numbered(deps, wanted, number)
    const before = await madeBefore(deps, repo, name)
    if (before !== null) return before
    try {
      return await make(deps, repo, { name, base })
    } catch (error) {
      const isTaken = error instanceof WorktreeError && TAKEN.has(error.code)
      if (!isTaken || number === MOST_NAMES) throw error
    }
  }
}
