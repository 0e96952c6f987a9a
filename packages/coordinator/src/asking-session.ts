import type { SessionRecord } from '@pcc/store/hot'
import { type CallerTree, findCaller } from './caller.js'
import { CoordinatorError } from './errors.js'
import type { HotDeps } from './hot-coordinator.js'
import { resolveSession } from './session-ref.js'
import { callerTree, type TreePlace, treeOf } from './tree-of.js'

/** Who is meant by a call. */
export interface Asking {
  /** Id, unique beginning of an id, or name. @default the calling session */
  session?: string
  directory: string
  /** The asking process. */
  pid: number
}

/**
 * The not-ended session that a call is about: the one that is named, else the one that calls. The repository is looked up only where the
 * session is not clear without it, since resident processes ask often.
 *
 * @throws CoordinatorError `COORDINATOR_NO_SESSION` when the named one is not there, `COORDINATOR_AMBIGUOUS_SESSION`.
 */
export async function askingSession(deps: HotDeps, asking: Asking): Promise<SessionRecord | undefined> {
  const { runtime, store, env } = deps
  const place = (): Promise<TreePlace | null> => treeOf({ runtime, read: store.read }, asking.directory)
  if (asking.session === undefined) {
    const tree = async (): Promise<CallerTree | undefined> => callerTree(await place())
    return findCaller({ runtime, read: store.read }, { pid: asking.pid, env, tree })
  }
  const exact = await store.read.sessionById(asking.session)
  if (exact !== undefined && exact.endedAt === null) return exact
  return resolveSession(store.read, asking.session, (await place())?.repoId)
}

/**
 * The session that a call about its claims is from.
 *
 * @throws CoordinatorError `COORDINATOR_NO_SESSION`, `COORDINATOR_AMBIGUOUS_SESSION`.
 */
export async function claimingSession(deps: HotDeps, asking: Asking): Promise<SessionRecord> {
  const session = await askingSession(deps, asking)
  if (session !== undefined) return session
  throw new CoordinatorError(
    'COORDINATOR_NO_SESSION',
    `claims belong to a session, and none is calling from ${asking.directory}`,
    { hint: 'Start one with parallel-cc start, or name one with --session.' },
  )
}
