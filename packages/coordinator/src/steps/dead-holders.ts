import type { Conflict } from '@pcc/claims'
import type { ClaimRecord, SessionReads, SessionRecord, SessionWrites } from '@pcc/store/hot'
import { isAlive } from '../liveness.js'
import type { Runtime } from '../runtime.js'

/** The sessions among the holders whose processes are gone; looked at outside of any transaction. */
export async function deadHolders(
  deps: { runtime: Runtime; read: SessionReads },
  conflicts: readonly Conflict[],
): Promise<SessionRecord[]> {
  const dead: SessionRecord[] = []
  for (const id of new Set(conflicts.map((conflict) => conflict.by.sessionId))) {
    const session = await deps.read.sessionById(id)
    if (session !== undefined && !isAlive(deps.runtime, session)) dead.push(session)
  }
  return dead
}

/**
 * Frees the claims that dead sessions left. A session that has become another process's since it was looked at lives, and keeps
 * them. The session itself is ended by its launcher or by cleanup, which see to its tree as well.
 */
export async function freeClaimsOf(
  tx: SessionWrites,
  dead: readonly SessionRecord[],
): Promise<ClaimRecord[]> {
  const freed: ClaimRecord[] = []
  for (const found of dead) {
    const now = await tx.sessionById(found.id)
    if (now?.host !== found.host || now.pid !== found.pid || now.processStart !== found.processStart) continue
    freed.push(...(await tx.deleteClaims(found.id, null)))
  }
  return freed
}
