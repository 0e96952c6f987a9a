import { insert, type Sql } from './hot-sql.js'
import type { InboxRecord, MessageWrites } from './records.js'
import { type InboxRow, inboxFromRow, LEAVES, messageToRow } from './tables/message-row.js'

const JOINED = `select m.id, m.repo_id, m.from_session, m.body, m.kind, m.sent_at,
    r.session_id, r.position, r.state, r.delivered_at, r.read_at
  from message_recipients r join messages m on m.id = r.message_id`

/** What changes with the state; each mark is the time. */
const SETS = {
  delivered: `state = 'delivered', delivered_at = coalesce(delivered_at, ?)`,
  read: `state = 'read', delivered_at = coalesce(delivered_at, ?), read_at = ?`,
  dead: `state = 'dead'`,
}

/** The messages by SQL written by hand. SQLite has one writer at a time, so numbers are seen in the order in which they are given out. */
export function hotMessages(sql: Sql): MessageWrites {
  const find = (rest: string, ...values: unknown[]): InboxRecord[] =>
    sql.all<InboxRow>(`${JOINED} ${rest}`, ...values).map(inboxFromRow)
  return {
    async inboxOf(sessionId, states, limit = -1) {
      if (states === undefined)
        return find('where r.session_id = ? order by r.position limit ?', sessionId, limit)
      return find(
        `where r.session_id = ? and r.state in (select value from json_each(?)) order by r.position limit ?`,
        sessionId,
        JSON.stringify(states),
        limit,
      )
    },
    sentBy: async (sessionId) => find('where m.from_session = ? order by r.position', sessionId),
    undeliverable: async (repoId) =>
      find(
        `where r.state = 'queued' and r.session_id in
          (select id from sessions where repo_id = ? and ended_at is not null) order by r.position`,
        repoId,
      ),
    async insertMessage(message, recipients) {
      insert(sql, 'messages', messageToRow(message))
      for (const { sessionId, state } of recipients) {
        insert(sql, 'message_recipients', { message_id: message.id, session_id: sessionId, state })
      }
    },
    async markMessages(sessionId, positions, { state, at }) {
      const times = SETS[state].split('?').slice(1)
      return sql.change(
        `update message_recipients set ${SETS[state]}
         where session_id = ? and position in (select value from json_each(?))
           and state in (select value from json_each(?))`,
        ...times.map(() => at),
        sessionId,
        JSON.stringify(positions),
        JSON.stringify(LEAVES[state]),
      )
    },
  }
}
