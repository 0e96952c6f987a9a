import { findCaller } from '../caller.js'
import { CoordinatorError } from '../errors.js'
import type { HotDeps } from '../hot-coordinator.js'
import { resolveSession } from '../session-ref.js'
import { callerTree, treeOf } from '../tree-of.js'

export interface HeartbeatInput {
  /** Id, unique beginning of an id, or name. @default the calling session */
  session?: string
  directory: string
  /** The asking process. */
  pid: number
}

export interface HeartbeatResult {
  sessionId: string
  lastHeartbeat: string
}

/**
 * Moves a session's heartbeat.
 *
 * @throws CoordinatorError `COORDINATOR_NO_SESSION` when no session is meant, or it has ended.
 */
export async function heartbeat(deps: HotDeps, input: HeartbeatInput): Promise<HeartbeatResult> {
  const { runtime, store } = deps
  const place = await treeOf({ runtime, read: store.read }, input.directory)
  const session =
    input.session === undefined
      ? await findCaller(
          { runtime, read: store.read },
          { pid: input.pid, env: deps.env, ...callerTree(place) },
        )
      : await resolveSession(store.read, input.session, place?.repoId)
  const lastHeartbeat = runtime.now()
  const moved =
    session !== undefined &&
    (await store.write(session.repoId, (tx) => tx.updateSession(session.id, { lastHeartbeat })))
  if (session === undefined || !moved) {
    throw new CoordinatorError('COORDINATOR_NO_SESSION', `no session is calling from ${input.directory}`, {
      hint: 'Start one with parallel-cc start, or name one: parallel-cc heartbeat SESSION.',
    })
  }
  return { sessionId: session.id, lastHeartbeat }
}
