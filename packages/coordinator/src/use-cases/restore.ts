import { listRemovals, openRepo, type RemovalRecord, type RestoredTree, restoreRemoval } from '@pcc/worktree'
import { headBranch, locateRepo } from '@pcc/worktree/locate'
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
 * Brings a removed tree back: branch, index, uncommitted and untracked files. One whose restore was cut off is finished.
 *
 * @throws WorktreeError `WORKTREE_REMOVAL_NOT_FOUND`, `WORKTREE_RESTORE_BLOCKED`.
 */
export async function restoreTree(
  deps: Deps,
  input: { directory: string; id: string },
): Promise<RestoredTree> {
  const repo = await openRepo(input.directory)
  const repairs = await repair(deps, repo)
  const finished = repairs.find((row) => row.action === 'restored' && row.id === input.id)
  if (finished?.path != null) {
    const gitDir = locateRepo(finished.path)?.gitDir
    return { id: finished.id, path: finished.path, branch: gitDir === undefined ? null : headBranch(gitDir) }
  }
  return restoreRemoval(repo, input.id, removalActor(deps))
}
