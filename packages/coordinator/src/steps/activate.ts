import type { ProcessKey, SessionPatch, SessionRecord } from '@pcc/store'
import type { Deps } from '../deps.js'
import { CoordinatorError } from '../errors.js'
import { sessionOfProcess } from './reserve.js'

export type Activation =
  | { outcome: 'active'; session: SessionRecord }
  /** The process became another session meanwhile; nothing was changed. */
  | { outcome: 'known'; session: SessionRecord }

/**
 * Makes a reserved session the given process's.
 *
 * @throws CoordinatorError `COORDINATOR_NO_SESSION` when the reservation is gone.
 */
export async function activate(
  deps: Deps,
  session: SessionRecord,
  change: { agent: ProcessKey; patch?: SessionPatch },
): Promise<Activation> {
  return deps.store.write<Activation>(session.repoId, async (tx) => {
    const other = await sessionOfProcess(tx, change.agent)
    if (other !== undefined && other.id !== session.id) return { outcome: 'known', session: other }
    const patch: SessionPatch = {
      ...change.patch,
      ...change.agent,
      status: 'active',
      lastHeartbeat: deps.runtime.now(),
    }
    if (!(await tx.updateSession(session.id, patch))) {
      throw new CoordinatorError(
        'COORDINATOR_NO_SESSION',
        `session ${session.id} has ended while it started`,
        {
          hint: 'Start it again.',
        },
      )
    }
    return { outcome: 'active', session: { ...session, ...patch } }
  })
}
