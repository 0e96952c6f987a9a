import { type Asking, askingSession } from '../asking-session.js'
import { CoordinatorError } from '../errors.js'
import type { HotDeps } from '../hot-coordinator.js'

export interface HeartbeatResult {
  sessionId: string
  lastHeartbeat: string
}

/**
 * Moves a session's heartbeat.
 *
 * @throws CoordinatorError `COORDINATOR_NO_SESSION` when no session is meant, or it has ended.
 */
export async function heartbeat(deps: HotDeps, input: Asking): Promise<HeartbeatResult> {
  const session = await askingSession(deps, input)
  const lastHeartbeat = deps.runtime.now()
  const moved =
    session !== undefined &&
    (await deps.store.write(session.repoId, (tx) => tx.updateSession(session.id, { lastHeartbeat })))
  if (session === undefined || !moved) {
    throw new CoordinatorError('COORDINATOR_NO_SESSION', `no session is calling from ${input.directory}`, {
      hint: 'Start one with parallel-cc start, or name one: parallel-cc heartbeat SESSION.',
    })
  }
  return { sessionId: session.id, lastHeartbeat }
}
