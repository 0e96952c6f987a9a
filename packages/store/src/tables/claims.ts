import type { Kysely } from 'kysely'
import type { ClaimReads, ClaimRecord, ClaimWrites } from '../records.js'
import type { Schema } from '../schema.js'
import { inChunks } from './chunks.js'
import { type ClaimRow, claimFromRow, claimToRow, inOrder } from './claim-row.js'
import { globsNear } from './glob-start.js'

export function claimReads(db: Kysely<Schema>): ClaimReads {
  return {
    async claimsOf(repoId) {
      const rows = await db.selectFrom('file_claims').selectAll().where('repo_id', '=', repoId).execute()
      return inOrder(rows.map(claimFromRow))
    },
    async claimsMeeting(repoId, paths) {
      const all = await db
        .selectFrom('file_claims')
        .select('file_path')
        .where('repo_id', '=', repoId)
        .where('is_glob', '=', 1)
        .execute()
      const near = globsNear(
        all.map((row) => row.file_path),
        paths,
      )
      const rows = (isGlob: 0 | 1, names: readonly string[]): Promise<ClaimRow[]> =>
        inChunks([...new Set(names)], (part) =>
          db
            .selectFrom('file_claims')
            .selectAll()
            .where('repo_id', '=', repoId)
            .where('is_glob', '=', isGlob)
            .where('file_path', 'in', part)
            .execute(),
        )
      const globs = await rows(1, near)
      const exact = await rows(0, paths)
      return inOrder([...globs, ...exact].map(claimFromRow))
    },
  }
}

export function claimWrites(db: Kysely<Schema>): Omit<ClaimWrites, keyof ClaimReads> {
  return {
    async putClaim(claim) {
      const { session_id: _session, file_path: _path, ...rest } = claimToRow(claim)
      await db
        .insertInto('file_claims')
        .values(claimToRow(claim))
        .onConflict((c) => c.columns(['session_id', 'file_path']).doUpdateSet(rest))
        .execute()
    },
    deleteClaims: (sessionId, paths) => deleteClaims(db, sessionId, paths),
  }
}

async function deleteClaims(
  db: Kysely<Schema>,
  sessionId: string,
  paths: readonly string[] | null,
): Promise<ClaimRecord[]> {
  const those = db.deleteFrom('file_claims').where('session_id', '=', sessionId)
  const rows: ClaimRow[] =
    paths === null
      ? await those.returningAll().execute()
      : await inChunks([...new Set(paths)], (part) =>
          those.where('file_path', 'in', part).returningAll().execute(),
        )
  return inOrder(rows.map(claimFromRow))
}
