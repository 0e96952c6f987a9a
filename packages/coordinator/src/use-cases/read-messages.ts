import type { InboxRecord, MessageKind, MessageState, SessionReads, SessionRecord } from '@pcc/store/hot'
import { findCaller } from '../caller.js'
import { CoordinatorError } from '../errors.js'
import type { HotDeps } from '../hot-coordinator.js'
import { resolveSession } from '../session-ref.js'
import { namesOf } from '../steps/session-names.js'
import { callerTree, treeOf } from '../tree-of.js'

export interface ReadInput {
  /** Whose messages: id, unique beginning of an id, or name. @default the calling session */
  session?: string
  directory: string
  /** The asking process. */
  pid: number
  /** What the session sent, with what became of each; marks nothing. */
  sent?: boolean
  /** Also what was read before. */
  all?: boolean
}

/** A message as one recipient has it. */
export interface MessageView {
  id: string
  /** Id of the sending session; `null`: parallel-cc itself, or for kind `message` somebody outside every session. */
  from: string | null
  fromName: string | null
  /** Id of the receiving session. */
  to: string
  toName: string | null
  body: string
  kind: MessageKind
  sentAt: string
  state: MessageState
  deliveredAt: string | null
  readAt: string | null
}

export interface ReadResult {
  messages: MessageView[]
}

const UNREAD: readonly MessageState[] = ['queued', 'delivered']

async function owner(deps: HotDeps, input: ReadInput): Promise<SessionRecord> {
  const { runtime, store, env } = deps
  const place = await treeOf({ runtime, read: store.read }, input.directory)
  if (input.session !== undefined) return resolveSession(store.read, input.session, place?.repoId)
  const caller = { pid: input.pid, env, tree: async () => callerTree(place) }
  const session = await findCaller({ runtime, read: store.read }, caller)
  if (session !== undefined) return session
  throw new CoordinatorError('COORDINATOR_NO_SESSION', `no session is calling from ${input.directory}`, {
    hint: 'Only a session has an inbox. Name one with --session; parallel-cc status lists them.',
  })
}

async function views(read: SessionReads, rows: readonly InboxRecord[]): Promise<MessageView[]> {
  const names = await namesOf(
    read,
    rows.flatMap((row) => [row.fromSession, row.toSession]),
  )
  return rows.map((row) => ({
    id: row.id,
    from: row.fromSession,
    fromName: row.fromSession === null ? null : (names.get(row.fromSession) ?? null),
    to: row.toSession,
    toName: names.get(row.toSession) ?? null,
    body: row.body,
    kind: row.kind,
    sentAt: row.sentAt,
    state: row.state,
    deliveredAt: row.deliveredAt,
    readAt: row.readAt,
  }))
}

/** Marks what is unread as read; of two that ask at once one gets it. */
async function takeUnread(deps: HotDeps, session: SessionRecord): Promise<InboxRecord[]> {
  // most inboxes are empty, and then no writer is kept waiting
  if ((await deps.store.read.inboxOf(session.id, UNREAD, 1)).length === 0) return []
  return deps.store.write(session.repoId, async (tx) => {
    const unread = await tx.inboxOf(session.id, UNREAD)
    const at = deps.runtime.now()
    const positions = unread.map((row) => row.position)
    await tx.markMessages(session.id, positions, { state: 'read', at })
    return unread.map((row) => ({ ...row, state: 'read', deliveredAt: row.deliveredAt ?? at, readAt: at }))
  })
}

/**
 * The messages that a session has not read yet, in their order, which marks them as read; with `all` those that it has read as well. With
 * `sent` what it sent, an entry for each recipient.
 *
 * @throws CoordinatorError `COORDINATOR_NO_SESSION`, `COORDINATOR_AMBIGUOUS_SESSION`.
 */
export async function readMessages(deps: HotDeps, input: ReadInput): Promise<ReadResult> {
  const session = await owner(deps, input)
  const { read } = deps.store
  if (input.sent === true) return { messages: await views(read, await read.sentBy(session.id)) }
  const unread = await takeUnread(deps, session)
  return { messages: await views(read, input.all === true ? await read.inboxOf(session.id) : unread) }
}
