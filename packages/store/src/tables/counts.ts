import type { Kysely } from 'kysely'
import type { IsoTime, SessionCounts } from '../records.js'
import type { Schema } from '../schema.js'
import { inChunks } from './chunks.js'
import { type CountRow, joinCounts } from './count-rows.js'

/** What a listing shows beside each session: one entry for every id that was asked about. */
export async function countsOf(
  db: Kysely<Schema>,
  sessionIds: readonly string[],
  now: IsoTime,
): Promise<Map<string, SessionCounts>> {
  const claims = await inChunks(sessionIds, (part) => unexpiredClaims(db, part, now))
  const unread = await inChunks(sessionIds, (part) => unreadMessages(db, part))
  return joinCounts(sessionIds, claims, unread)
}

function unexpiredClaims(db: Kysely<Schema>, ids: readonly string[], now: IsoTime): Promise<CountRow[]> {
  return db
    .selectFrom('file_claims')
    .select((e) => ['session_id', e.fn.countAll<number>().as('n')])
    .where('session_id', 'in', ids)
    .where((e) => e.or([e('expires_at', 'is', null), e('expires_at', '>', now)]))
    .groupBy('session_id')
    .execute()
}

function unreadMessages(db: Kysely<Schema>, ids: readonly string[]): Promise<CountRow[]> {
  return db
    .selectFrom('message_recipients')
    .select((e) => ['session_id', e.fn.countAll<number>().as('n')])
    .where('session_id', 'in', ids)
    .where('state', 'in', ['queued', 'delivered'])
    .groupBy('session_id')
    .execute()
}
