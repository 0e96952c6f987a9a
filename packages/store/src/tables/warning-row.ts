import type { WarningRecord } from '../records.js'
import type { EditWarningTable } from '../schema.js'

export function warningFromRow(row: EditWarningTable): WarningRecord {
  return {
    sessionId: row.session_id,
    repoId: row.repo_id,
    path: row.file_path,
    holder: row.holder,
    warnedAt: row.warned_at,
  }
}

export function warningToRow(warning: WarningRecord): EditWarningTable {
  return {
    session_id: warning.sessionId,
    repo_id: warning.repoId,
    file_path: warning.path,
    holder: warning.holder,
    warned_at: warning.warnedAt,
  }
}
