import type { Selectable } from 'kysely'
import type { RepoRecord } from '../records.js'
import type { RepoTable } from '../schema.js'

/** A row of `repos` as both doors read it. */
export type RepoRow = Selectable<RepoTable>

export function repoFromRow(row: RepoRow): RepoRecord {
  return {
    id: row.id,
    host: row.host,
    commonDir: row.common_dir,
    projectKey: row.project_key,
    createdAt: row.created_at,
  }
}

export function repoToRow(repo: RepoRecord): RepoRow {
  return {
    id: repo.id,
    host: repo.host,
    common_dir: repo.commonDir,
    project_key: repo.projectKey,
    created_at: repo.createdAt,
  }
}
