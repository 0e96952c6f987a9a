import type { Conflict } from '@pcc/claims'
import type { ClaimMode, ClaimRecord, ClaimSource, SessionReads, SessionRecord } from '@pcc/store/hot'

/** A claim as it is told. */
export interface ClaimView {
  path: string
  mode: ClaimMode
  sessionId: string
  /** Name of the session, else of its tree, else its id. */
  claimedBy: string
  worktreePath: string
  claimedAt: string
  /** `null`: until it is released or its session ends. */
  expiresAt: string | null
  reason: string | null
  source: ClaimSource
}

/** A path that was asked for, and the claim of another session that it meets. */
export interface HeldPath {
  path: string
  by: ClaimView
}

/** What a person calls a session. */
export function sessionLabel(session: Pick<SessionRecord, 'id' | 'name' | 'worktreeName'>): string {
  return session.name ?? session.worktreeName ?? session.id
}

function viewOf(claim: ClaimRecord, session: SessionRecord | undefined): ClaimView {
  return {
    path: claim.path,
    mode: claim.mode,
    sessionId: claim.sessionId,
    claimedBy: session === undefined ? claim.sessionId : sessionLabel(session),
    worktreePath: session?.worktreePath ?? '',
    claimedAt: claim.claimedAt,
    expiresAt: claim.expiresAt,
    reason: claim.reason,
    source: claim.source,
  }
}

/** Claims with what is known of their sessions. */
export async function claimViews(
  read: Pick<SessionReads, 'sessionById'>,
  claims: readonly ClaimRecord[],
): Promise<ClaimView[]> {
  const sessions = new Map<string, SessionRecord | undefined>()
  for (const { sessionId } of claims) {
    if (!sessions.has(sessionId)) sessions.set(sessionId, await read.sessionById(sessionId))
  }
  return claims.map((claim) => viewOf(claim, sessions.get(claim.sessionId)))
}

/** Conflicts with what is known of the holders. */
export async function heldPaths(
  read: Pick<SessionReads, 'sessionById'>,
  conflicts: readonly Conflict[],
): Promise<HeldPath[]> {
  const views = await claimViews(
    read,
    conflicts.map((conflict) => conflict.by),
  )
  return conflicts.map(({ path }, at) => ({ path, by: views[at] as ClaimView }))
}
