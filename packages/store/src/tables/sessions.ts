import type { Kysely } from 'kysely'
import type { IsoTime, SessionPatch, SessionRecord } from '../records.js'
import type { Schema } from '../schema.js'
import { inChunks } from './chunks.js'
import { patchToColumns, sessionFromRow, sessionToRow } from './session-row.js'

export async function findSession(db: Kysely<Schema>, id: string): Promise<SessionRecord | undefined> {
  const row = await db.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst()
  return row && sessionFromRow(row)
}

export async function sessionsByPids(
  db: Kysely<Schema>,
  host: string,
  pids: readonly number[],
): Promise<SessionRecord[]> {
  const rows = await inChunks([...new Set(pids)], (part) =>
    db
      .selectFrom('sessions')
      .selectAll()
      .where('host', '=', host)
      .where('pid', 'in', part)
      .where('ended_at', 'is', null)
      .orderBy('started_at')
      .orderBy('id')
      .execute(),
  )
  return rows.map(sessionFromRow)
}

export async function openSessions(db: Kysely<Schema>, repoId: string): Promise<SessionRecord[]> {
  const rows = await db
    .selectFrom('sessions')
    .selectAll()
    .where('repo_id', '=', repoId)
    .where('ended_at', 'is', null)
    .orderBy('started_at')
    .orderBy('id')
    .execute()
  return rows.map(sessionFromRow)
}

export async function allOpenSessions(db: Kysely<Schema>): Promise<SessionRecord[]> {
  const rows = await db
    .selectFrom('sessions')
    .selectAll()
    .where('ended_at', 'is', null)
    .orderBy('started_at')
    .orderBy('id')
    .execute()
  return rows.map(sessionFromRow)
}

export async function insertSession(db: Kysely<Schema>, session: SessionRecord): Promise<void> {
  await db.insertInto('sessions').values(sessionToRow(session)).execute()
}

/** Changes a session that has not ended; false when there is none. */
export async function updateSession(db: Kysely<Schema>, id: string, patch: SessionPatch): Promise<boolean> {
  const columns = patchToColumns(patch)
  if (Object.keys(columns).length === 0) {
    const found = await findSession(db, id)
    return found !== undefined && found.endedAt === null
  }
  const { numUpdatedRows } = await db
    .updateTable('sessions')
    .set(columns)
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Ends a session and frees its claims and subscriptions; false when it is not there or had ended already. */
export async function endSession(
  db: Kysely<Schema>,
  id: string,
  end: { endedAt: IsoTime; endReason: string },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('sessions')
    .set({ status: 'ended', ended_at: end.endedAt, end_reason: end.endReason })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows === 0n) return false
  await db.deleteFrom('file_claims').where('session_id', '=', id).execute()
  await db.deleteFrom('subscriptions').where('session_id', '=', id).execute()
  await db.deleteFrom('edit_warnings').where('session_id', '=', id).execute()
  return true
}
