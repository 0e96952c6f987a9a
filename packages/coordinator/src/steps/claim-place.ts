import type { SessionRecord } from '@pcc/store/hot'
import { WorktreeError } from '@pcc/worktree'
import { locateRepo, treeRoots } from '@pcc/worktree/locate'
import type { HotDeps } from '../hot-coordinator.js'
import { treeOf } from '../tree-of.js'

/** What paths of claims are relative to. */
export interface ClaimPlace {
  /** `undefined` while the store does not know the repository: then nothing is claimed there. */
  repoId: string | undefined
  /** Real paths of its working trees. */
  trees: string[]
}

/**
 * The repository that claims are about: the session's, wherever it happens to stand; without a session the directory's.
 *
 * @throws WorktreeError `WORKTREE_NOT_A_REPO`, `WORKTREE_FS_FAILED`.
 */
export async function claimPlace(
  deps: Pick<HotDeps, 'runtime' | 'store'>,
  directory: string,
  session?: SessionRecord,
): Promise<ClaimPlace> {
  const own = session === undefined ? null : locateRepo(session.worktreePath)
  if (session !== undefined && own?.topLevel === session.worktreePath) {
    return { repoId: session.repoId, trees: withTree(treeRoots(own.commonDir), own.topLevel) }
  }
  const place = await treeOf({ runtime: deps.runtime, read: deps.store.read }, directory)
  if (place === null || (session !== undefined && place.repoId !== session.repoId)) {
    throw new WorktreeError('WORKTREE_NOT_A_REPO', `${directory} is not in ${repoName(session)}`, {
      hint: 'Change into it, or name it with --repo.',
    })
  }
  const { commonDir, topLevel } = place.location
  return { repoId: place.repoId, trees: withTree(treeRoots(commonDir), topLevel) }
}

function repoName(session: SessionRecord | undefined): string {
  return session === undefined ? 'a git repository' : `the repository of session ${session.id}`
}

/** A main tree whose git folder lies elsewhere is known only from itself. */
function withTree(trees: string[], tree: string | null): string[] {
  return tree === null || trees.includes(tree) ? trees : [...trees, tree]
}
