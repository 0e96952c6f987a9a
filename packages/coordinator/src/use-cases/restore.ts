import { listRemovals, openRepo, type RemovalRecord, type RestoredTree, restoreRemoval } from '@pcc/worktree'
import type { Deps } from '../deps.js'
import { removalActor } from '../steps/actor.js'
import { repair } from '../steps/repair.js'

/** The removed trees of a repo that can come back, newest first. */
export async function listRestorable(deps: Deps, input: { directory: string }): Promise<RemovalRecord[]> {
  const repo = await openRepo(input.directory)
  await repair(deps, repo)
  return listRemovals(repo)
}

/**
 * Brings a removed tree back: branch, index, uncommitted and untracked files.
 *
 * @throws WorktreeError `WORKTREE_REMOVAL_NOT_FOUND`, `WORKTREE_RESTORE_BLOCKED`.
 */
export async function restoreTree(
  deps: Deps,
  input: { directory: string; id: string },
): Promise<RestoredTree> {
  const repo = await openRepo(input.directory)
  await repair(deps, repo)
  return restoreRemoval(repo, input.id, removalActor(deps))
}
