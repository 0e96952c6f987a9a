import type { ClaimRecord, SessionWrites } from '@pcc/store/hot'
import { plainLine } from '../plain-text.js'
import type { Runtime } from '../runtime.js'
import { notify } from './notify.js'

const SHOWN = 200

/** Tells the holders of claims that have just been removed because their time was over, in the same transaction. */
export async function tellExpired(
  tx: SessionWrites,
  clock: Pick<Runtime, 'now' | 'newId'>,
  expired: readonly ClaimRecord[],
): Promise<void> {
  for (const claim of expired) {
    const holder = await tx.sessionById(claim.sessionId)
    if (holder === undefined || holder.endedAt !== null) continue
    const path = plainLine(claim.path, SHOWN)
    await notify(tx, {
      id: clock.newId(),
      repoId: claim.repoId,
      toSessionId: claim.sessionId,
      kind: 'claim_expired',
      body: `Your ${claim.mode} claim on ${path} expired at ${claim.expiresAt} and another session has asked for it. Claim it again before you go on with it, if you still need it.`,
      now: clock.now(),
    })
  }
}
