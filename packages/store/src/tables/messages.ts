import type { Kysely, SelectQueryBuilder } from 'kysely'
import type { InboxRecord, IsoTime, MessageRecord, MessageState } from '../records.js'
import type { Schema } from '../schema.js'
import { inChunks } from './chunks.js'
import { type InboxRow, inboxFromRow, LEAVES, messageToRow } from './message-row.js'

type Joined = SelectQueryBuilder<Schema, 'message_recipients' | 'messages', InboxRow>

function joined(db: Kysely<Schema>): Joined {
  return db
    .selectFrom('message_recipients')
    .innerJoin('messages', 'messages.id', 'message_recipients.message_id')
    .select([
      'messages.id',
      'messages.repo_id',
      'messages.from_session',
      'messages.body',
      'messages.kind',
      'messages.sent_at',
      'message_recipients.session_id',
      'message_recipients.position',
      'message_recipients.state',
      'message_recipients.delivered_at',
      'message_recipients.read_at',
    ])
    .orderBy('message_recipients.position')
}

/** The inbox of a session, in its order. */
export async function inboxOf(
  db: Kysely<Schema>,
  sessionId: string,
  only: { states?: readonly MessageState[] | undefined; limit?: number | undefined },
): Promise<InboxRecord[]> {
  const { states, limit } = only
  if (states?.length === 0) return []
  let query = joined(db).where('message_recipients.session_id', '=', sessionId)
  if (states !== undefined) query = query.where('message_recipients.state', 'in', states)
  if (limit !== undefined) query = query.limit(limit)
  return (await query.execute()).map(inboxFromRow)
}

/** What a session sent, an entry for each recipient, in the order of sending. */
export async function sentBy(db: Kysely<Schema>, sessionId: string): Promise<InboxRecord[]> {
  const rows = await joined(db).where('messages.from_session', '=', sessionId).execute()
  return rows.map(inboxFromRow)
}

/** What is queued for sessions of a repo that have ended. */
export async function undeliverable(db: Kysely<Schema>, repoId: string): Promise<InboxRecord[]> {
  const ended = db
    .selectFrom('sessions')
    .select('id')
    .where('repo_id', '=', repoId)
    .where('ended_at', 'is not', null)
  const rows = await joined(db)
    .where('message_recipients.session_id', 'in', ended)
    .where('message_recipients.state', '=', 'queued')
    .execute()
  return rows.map(inboxFromRow)
}

/** Puts a message into the inboxes of its recipients. */
export async function insertMessage(
  db: Kysely<Schema>,
  message: MessageRecord,
  recipients: readonly { sessionId: string; state: MessageState }[],
): Promise<void> {
  await db.insertInto('messages').values(messageToRow(message)).execute()
  await inChunks(recipients, (part) =>
    db
      .insertInto('message_recipients')
      .values(part.map(({ sessionId, state }) => ({ message_id: message.id, session_id: sessionId, state })))
      .execute(),
  )
}

/** Moves messages of one inbox on. Returns how many moved. */
export async function markMessages(
  db: Kysely<Schema>,
  change: {
    sessionId: string
    positions: readonly number[]
    state: 'delivered' | 'read' | 'dead'
    at: IsoTime
  },
): Promise<number> {
  const { sessionId, positions, state, at } = change
  const moved = await inChunks(positions, (part) =>
    db
      .updateTable('message_recipients')
      .set((e) => ({
        state,
        // what is read at once has been delivered at that moment
        ...(state === 'dead' ? {} : { delivered_at: e.fn.coalesce('delivered_at', e.val(at)) }),
        ...(state === 'read' ? { read_at: at } : {}),
      }))
      .where('session_id', '=', sessionId)
      .where('position', 'in', part)
      .where('state', 'in', LEAVES[state])
      .execute(),
  )
  return moved.reduce((sum, one) => sum + Number(one.numUpdatedRows), 0)
}
