import type { Kysely } from 'kysely'
import type { RepoRecord } from '../records.js'
import type { Schema } from '../schema.js'
import { repoFromRow, repoToRow } from './repo-row.js'

export async function findRepo(
  db: Kysely<Schema>,
  key: Pick<RepoRecord, 'host' | 'commonDir'>,
): Promise<RepoRecord | undefined> {
  const row = await db
    .selectFrom('repos')
    .selectAll()
    .where('host', '=', key.host)
    .where('common_dir', '=', key.commonDir)
    .executeTakeFirst()
  return row && repoFromRow(row)
}

/** Finds the repo by host and common directory, or inserts it. A project key that was unknown so far is filled in. */
export async function ensureRepo(db: Kysely<Schema>, repo: RepoRecord): Promise<RepoRecord> {
  const before = await findRepo(db, repo)
  if (before === undefined) {
    await db
      .insertInto('repos')
      .values(repoToRow(repo))
      .onConflict((c) => c.columns(['host', 'common_dir']).doNothing())
      .execute()
    // Another transaction may have inserted it since, so what counts is read back.
    return (await findRepo(db, repo)) ?? repo
  }
  if (before.projectKey !== null || repo.projectKey === null) return before
  await db.updateTable('repos').set({ project_key: repo.projectKey }).where('id', '=', before.id).execute()
  return { ...before, projectKey: repo.projectKey }
}

export async function reposOf(db: Kysely<Schema>, host: string): Promise<RepoRecord[]> {
  const rows = await db
    .selectFrom('repos')
    .selectAll()
    .where('host', '=', host)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(repoFromRow)
}
