import type { InboxRecord, MessageKind, MessageRecord, MessageState } from '../records.js'
import type { MessageRow } from './rows.js'

/** A recipient's row joined with its message, as both doors read it. */
export interface InboxRow {
  id: string
  repo_id: string
  from_session: string | null
  body: string
  kind: string
  sent_at: string
  session_id: string
  position: number
  state: string
  delivered_at: string | null
  read_at: string | null
}

export function inboxFromRow(row: InboxRow): InboxRecord {
  return {
    id: row.id,
    repoId: row.repo_id,
    fromSession: row.from_session,
    body: row.body,
    kind: row.kind as MessageKind,
    sentAt: row.sent_at,
    toSession: row.session_id,
    position: row.position,
    state: row.state as MessageState,
    deliveredAt: row.delivered_at,
    readAt: row.read_at,
  }
}

export function messageToRow(message: MessageRecord): Omit<MessageRow, 'data'> {
  return {
    id: message.id,
    repo_id: message.repoId,
    from_session: message.fromSession,
    body: message.body,
    kind: message.kind,
    sent_at: message.sentAt,
  }
}

/** The states that a message may leave for another: only forward. */
export const LEAVES: Readonly<Record<'delivered' | 'read' | 'dead', readonly MessageState[]>> = {
  delivered: ['queued'],
  read: ['queued', 'delivered'],
  dead: ['queued'],
}
