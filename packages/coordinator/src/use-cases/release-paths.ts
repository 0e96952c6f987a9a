import { parseClaimPath, placePath } from '@pcc/claims'
import { type Asking, claimingSession } from '../asking-session.js'
import type { HotDeps } from '../hot-coordinator.js'
import { claimPlace } from '../steps/claim-place.js'
import { type ClaimView, claimViews } from '../steps/claim-view.js'

export interface ReleaseInput extends Asking {
  /** As they were claimed, relative to `directory`; `null`: all of the session's claims. */
  paths: readonly string[] | null
}

export interface ReleaseResult {
  released: ClaimView[]
}

/**
 * Gives a session's own claims up. What others hold stays, and what nobody holds is no error.
 *
 * @throws CoordinatorError `COORDINATOR_NO_SESSION`, `COORDINATOR_AMBIGUOUS_SESSION`; ClaimsError with its codes; WorktreeError
 * `WORKTREE_NOT_A_REPO`.
 */
export async function releasePaths(deps: HotDeps, input: ReleaseInput): Promise<ReleaseResult> {
  const session = await claimingSession(deps, input)
  const paths = input.paths === null ? null : await spellings(deps, input, session)
  const released = await deps.store.write(session.repoId, (tx) => tx.deleteClaims(session.id, paths))
  return { released: await claimViews(deps.store.read, released) }
}

/** A file may have come or gone since it was claimed, so each path is also taken by its letters. */
async function spellings(
  deps: HotDeps,
  input: ReleaseInput,
  session: Parameters<typeof claimPlace>[2],
): Promise<string[]> {
  const { trees } = await claimPlace(deps, input.directory, session)
  return (input.paths ?? []).flatMap((text) => {
    const asClaimed = parseClaimPath({ text, cwd: input.directory, trees, force: true })
    const letters = placePath({ path: text, cwd: input.directory, trees })
    return letters.kind === 'inside' ? [asClaimed.path, letters.path] : [asClaimed.path]
  })
}
