import type { SessionRecord, SessionWrites } from '@pcc/store/hot'
import type { Runtime } from '../runtime.js'
import { bury } from './bury.js'

/**
 * Ends a session in the caller's transaction: its claims are freed, and who wrote to it hears what it did not get. False when it had
 * ended already.
 */
export async function closeSession(
  tx: SessionWrites,
  runtime: Pick<Runtime, 'now' | 'newId'>,
  ending: { session: Pick<SessionRecord, 'id'>; endReason: string },
): Promise<boolean> {
  const { session, endReason } = ending
  if (!(await tx.endSession(session.id, { endedAt: runtime.now(), endReason }))) return false
  await bury(tx, runtime, await tx.inboxOf(session.id, ['queued']))
  return true
}
