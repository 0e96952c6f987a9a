import type { SessionRecord } from '@pcc/store'
import type { Deps } from '../deps.js'
import { closeSession } from './close-session.js'

/**
 * Ends a session whose process was found dead. False when it has ended already, or has become another process's since it was looked
 * at: then it lives.
 */
export async function endDead(deps: Deps, found: SessionRecord, endReason: string): Promise<boolean> {
  return deps.store.write(found.repoId, async (tx) => {
    const now = await tx.sessionById(found.id)
    if (now?.host !== found.host || now.pid !== found.pid || now.processStart !== found.processStart)
      return false
    return closeSession(tx, deps.runtime, { session: found, endReason })
  })
}
