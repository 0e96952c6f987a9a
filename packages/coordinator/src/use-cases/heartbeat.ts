import type { SessionRecord } from '@pcc/store/hot'
import { type CallerTree, findCaller } from '../caller.js'
import { CoordinatorError } from '../errors.js'
import type { HotDeps } from '../hot-coordinator.js'
import { resolveSession } from '../session-ref.js'
import { callerTree, type TreePlace, treeOf } from '../tree-of.js'

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

/** The repository is looked up only where the session is not clear without it: resident processes beat often. */
async function findSession(deps: HotDeps, input: HeartbeatInput): Promise<SessionRecord | undefined> {
  const { runtime, store, env } = deps
  const place = (): Promise<TreePlace | null> => treeOf({ runtime, read: store.read }, input.directory)
  if (input.session === undefined) {
    const tree = async (): Promise<CallerTree | undefined> => callerTree(await place())
    return findCaller({ runtime, read: store.read }, { pid: input.pid, env, tree })
  }
  return resolveSession(store.read, input.session, (await place())?.repoId)
}

/**
 * Moves a session's heartbeat.
 *
 * @throws CoordinatorError `COORDINATOR_NO_SESSION` when no session is meant, or it has ended.
 */
export async function heartbeat(deps: HotDeps, input: HeartbeatInput): Promise<HeartbeatResult> {
  const lastHeartbeat = deps.runtime.now()
  // an id is what resident processes give, and needs no looking up
  if (input.session !== undefined && (await deps.store.beat(input.session, lastHeartbeat))) {
    return { sessionId: input.session, lastHeartbeat }
  }
  const session = await findSession(deps, input)
  const moved = session !== undefined && (await deps.store.beat(session.id, lastHeartbeat))
  if (session === undefined || !moved) {
    throw new CoordinatorError('COORDINATOR_NO_SESSION', `no session is calling from ${input.directory}`, {
      hint: 'Start one with parallel-cc start, or name one: parallel-cc heartbeat SESSION.',
    })
  }
  return { sessionId: session.id, lastHeartbeat }
}
