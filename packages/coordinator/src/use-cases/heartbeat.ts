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
  const lastHeartbeat = deps.runtime.now()
  // an id is what resident processes give, and needs no looking up
  if (input.session !== undefined && (await deps.store.beat(input.session, lastHeartbeat))) {
    return { sessionId: input.session, lastHeartbeat }
  }
  const session = await askingSession(deps, input)
  const moved = session !== undefined && (await deps.store.beat(session.id, lastHeartbeat))
  if (session === undefined || !moved) {
    throw new CoordinatorError('COORDINATOR_NO_SESSION', `no session is calling from ${input.directory}`, {
      hint: 'Start one with parallel-cc start, or name one: parallel-cc heartbeat SESSION.',
    })
  }
  return { sessionId: session.id, lastHeartbeat }
}
