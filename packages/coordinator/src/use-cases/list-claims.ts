import { isExpired } from '@pcc/claims'
import type { HotDeps } from '../hot-coordinator.js'
import { isAlive } from '../liveness.js'
import { claimPlace } from '../steps/claim-place.js'
import { type ClaimView, claimViews } from '../steps/claim-view.js'

export interface ListClaimsInput {
  directory: string
  /** Claims of every repo of this host. */
  all?: boolean
}

export interface ListClaimsResult {
  claims: ClaimView[]
}

/**
 * The claims that hold, by path: those that have expired, or whose session is gone, keep nobody off and are left out. Changes nothing.
 *
 * @throws WorktreeError `WORKTREE_NOT_A_REPO`.
 */
export async function listClaims(deps: HotDeps, input: ListClaimsInput): Promise<ListClaimsResult> {
  const claims: ClaimView[] = []
  for (const repoId of await reposToList(deps, input)) claims.push(...(await holding(deps, repoId)))
  return { claims }
}

async function reposToList(deps: HotDeps, input: ListClaimsInput): Promise<string[]> {
  if (input.all === true) {
    return (await deps.store.read.reposOf(deps.runtime.host)).map((repo) => repo.id)
  }
  const { repoId } = await claimPlace(deps, input.directory)
  return repoId === undefined ? [] : [repoId]
}

async function holding(deps: HotDeps, repoId: string): Promise<ClaimView[]> {
  const { runtime, store } = deps
  const claims = await store.read.claimsOf(repoId)
  if (claims.length === 0) return []
  const open = await store.read.openSessions(repoId)
  const alive = new Set(open.filter((session) => isAlive(runtime, session)).map((session) => session.id))
  const now = runtime.now()
  return claimViews(
    store.read,
    claims.filter((claim) => alive.has(claim.sessionId) && !isExpired(claim, now)),
  )
}
