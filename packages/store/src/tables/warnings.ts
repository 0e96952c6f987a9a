import type { Kysely } from 'kysely'
import type { WarningRecord } from '../records.js'
import type { Schema } from '../schema.js'
import { inChunks } from './chunks.js'
import { warningFromRow, warningToRow } from './warning-row.js'

/** The warnings that a session has had on these paths. */
export async function warningsOf(
  db: Kysely<Schema>,
  sessionId: string,
  paths: readonly string[],
): Promise<WarningRecord[]> {
  const found = await inChunks(paths, (part) =>
    db
      .selectFrom('edit_warnings')
      .selectAll()
      .where('session_id', '=', sessionId)
      .where('file_path', 'in', part)
      .execute(),
  )
  return found.map(warningFromRow)
}

/** Notes a warning; one that is there stays as it is. */
export async function putWarning(db: Kysely<Schema>, warning: WarningRecord): Promise<void> {
  await db
    .insertInto('edit_warnings')
    .values(warningToRow(warning))
    .onConflict((conflict) => conflict.columns(['session_id', 'file_path', 'holder']).doNothing())
    .execute()
}
