import type { SessionRecord } from '@pcc/store'
import { listWorktrees, openRepo, type Repo } from '@pcc/worktree'
import { locateRepo } from '@pcc/worktree/locate'
import type { Deps } from '../deps.js'
import { openBench } from './judge.js'
import { removeTree, type TreeDecision } from './remove-tree.js'

/** A tree that stays for a reason which is no matter of the gate. */
export function keptFor(session: SessionRecord, why: string, detail: string): TreeDecision {
  const { worktreePath: path, branch } = session
  return { path, branch, action: 'kept', reasons: [why], details: [detail], rescueRef: null, removalId: null }
}

/**
 * Removes the tree that was made for a session, if the gate lets it go. Whatever else stands at the session's path by now, made by
 * somebody else, for another session or before this one, is none of its business.
 */
export async function removeOwnTree(deps: Deps, repo: Repo, session: SessionRecord): Promise<TreeDecision> {
  const own = (await listWorktrees(repo)).find((tree) => tree.marker?.id === session.id)
  if (own === undefined)
    return keptFor(session, 'missing', 'the tree that was made for it is not there any more')
  return removeTree(deps, await openBench(deps, repo), { path: own.path })
}

/** The repository of a session, also when its tree is gone; `null` when there is none any more. */
export async function repoOf(deps: Deps, session: SessionRecord): Promise<Repo | null> {
  const repos = await deps.store.read.reposOf(deps.runtime.host)
  const commonDir = repos.find((repo) => repo.id === session.repoId)?.commonDir
  return commonDir === undefined || locateRepo(commonDir) === null ? null : openRepo(commonDir)
}
