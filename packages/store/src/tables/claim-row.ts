import type { Selectable } from 'kysely'
import type { ClaimMode, ClaimRecord, ClaimSource } from '../records.js'
import type { FileClaimTable } from '../schema.js'

/** A row of `file_claims` as both doors read it. */
export type ClaimRow = Selectable<FileClaimTable>

export function claimFromRow(row: ClaimRow): ClaimRecord {
  return {
    sessionId: row.session_id,
    repoId: row.repo_id,
    path: row.file_path,
    isGlob: row.is_glob === 1,
    mode: row.claim_mode as ClaimMode,
    source: row.source as ClaimSource,
    reason: row.reason,
    claimedAt: row.claimed_at,
    expiresAt: row.expires_at,
  }
}

export function claimToRow(claim: ClaimRecord): ClaimRow {
  return {
    session_id: claim.sessionId,
    file_path: claim.path,
    claim_mode: claim.mode,
    claimed_at: claim.claimedAt,
    repo_id: claim.repoId,
    expires_at: claim.expiresAt,
    reason: claim.reason,
    source: claim.source,
    is_glob: Number(claim.isGlob),
  }
}

/** The order of every answer: by path, then by session, by code point in both dialects. */
export function inOrder(claims: readonly ClaimRecord[]): ClaimRecord[] {
  return claims.toSorted((a, b) => compare(a.path, b.path) || compare(a.sessionId, b.sessionId))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
