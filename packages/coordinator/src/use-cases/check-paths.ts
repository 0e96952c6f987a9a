import { claimsNear, findConflicts, parseClaimPath } from '@pcc/claims'
import type { SessionRecord } from '@pcc/store/hot'
import { type Asking, askingSession } from '../asking-session.js'
import type { HotDeps } from '../hot-coordinator.js'
import { claimPlace } from '../steps/claim-place.js'
import { type ClaimView, claimViews, type HeldPath, heldPaths } from '../steps/claim-view.js'
import { deadHolders, freeClaimsOf } from '../steps/dead-holders.js'

export interface CheckInput extends Asking {
  /** Files, folders and globs, relative to `directory`. */
  paths: readonly string[]
}

export interface CheckResult {
  /** What other sessions hold of it. */
  held: HeldPath[]
  /** Claims whose sessions had died: they are freed now. */
  leftByCrash: ClaimView[]
}

/**
 * Which of these paths do others hold? Who asks need not be a session.
 *
 * @throws CoordinatorError `COORDINATOR_NO_SESSION` for a named one, `COORDINATOR_AMBIGUOUS_SESSION`; ClaimsError with its codes;
 * WorktreeError `WORKTREE_NOT_A_REPO`.
 */
export async function checkPaths(deps: HotDeps, input: CheckInput): Promise<CheckResult> {
  const { runtime, store } = deps
  const session = await askingSession(deps, input)
  const { repoId, trees } = await claimPlace(deps, input.directory, session)
  const asked = input.paths.map((text) => ({
    ...parseClaimPath({ text, cwd: input.directory, trees, force: true }),
    mode: 'edit' as const,
  }))
  if (repoId === undefined) return { held: [], leftByCrash: [] }
  const held = await claimsNear(store.read, repoId, asked)
  const conflicts = findConflicts({ held, asked, sessionId: session?.id ?? '', now: runtime.now() })
  const dead = await deadHolders({ runtime, read: store.read }, conflicts)
  const leftByCrash = dead.length === 0 ? [] : await freed(deps, repoId, dead)
  const gone = new Set(leftByCrash.map((claim) => claim.sessionId))
  return {
    held: await heldPaths(
      store.read,
      conflicts.filter((conflict) => !gone.has(conflict.by.sessionId)),
    ),
    leftByCrash,
  }
}

async function freed(deps: HotDeps, repoId: string, dead: readonly SessionRecord[]): Promise<ClaimView[]> {
  const claims = await deps.store.write(repoId, (tx) => freeClaimsOf(tx, dead))
  return claimViews(deps.store.read, claims)
}
