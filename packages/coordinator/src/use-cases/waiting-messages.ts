import type { MessageKind } from '@pcc/store/hot'
import { findCaller } from '../caller.js'
import type { HotDeps } from '../hot-coordinator.js'
import { namesOf } from '../steps/session-names.js'

export interface WaitingInput {
  /** The asking process; the session is found at it or above it. */
  pid: number
  /** Only messages behind this place in the inbox. */
  after: number
}

/** A message that is queued for a session. */
export interface WaitingMessage {
  /** Its place in the inbox. */
  position: number
  kind: MessageKind
  /** Id of the sending session; `null`: parallel-cc itself, or somebody outside every session. */
  from: string | null
  fromName: string | null
  body: string
  sentAt: string
}

/** What waits for the calling session, in its order. Only looks: nothing is delivered by it, or read. */
export async function waitingMessages(deps: HotDeps, input: WaitingInput): Promise<WaitingMessage[]> {
  const { runtime, store, env } = deps
  const caller = { pid: input.pid, env, tree: async () => undefined }
  const session = await findCaller({ runtime, read: store.read }, caller)
  if (session === undefined) return []
  const queued = (await store.read.inboxOf(session.id, ['queued'])).filter(
    (row) => row.position > input.after,
  )
  const names = await namesOf(
    store.read,
    queued.map((row) => row.fromSession),
  )
  return queued.map((row) => ({
    position: row.position,
    kind: row.kind,
    from: row.fromSession,
    fromName: row.fromSession === null ? null : (names.get(row.fromSession) ?? null),
    body: row.body,
    sentAt: row.sentAt,
  }))
}
