import type { Sql } from './hot-sql.js'
import type { WarningWrites } from './records.js'
import type { EditWarningTable } from './schema.js'
import { warningFromRow, warningToRow } from './tables/warning-row.js'

/** The warnings by SQL written by hand: the same questions as in `tables/warnings.ts`. */
export function hotWarnings(sql: Sql): WarningWrites {
  return {
    warningsOf: async (sessionId, paths) =>
      sql
        .all<EditWarningTable>(
          `select * from edit_warnings where session_id = ?
             and file_path in (select value from json_each(?))`,
          sessionId,
          JSON.stringify(paths),
        )
        .map(warningFromRow),
    async putWarning(warning) {
      const row = warningToRow(warning)
      sql.change(
        `insert or ignore into edit_warnings (session_id, repo_id, file_path, holder, warned_at)
         values (?, ?, ?, ?, ?)`,
        row.session_id,
        row.repo_id,
        row.file_path,
        row.holder,
        row.warned_at,
      )
    },
  }
}
