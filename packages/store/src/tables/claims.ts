import { type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely'
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
    async claimsMeeting(repoId, paths, prefixes = []) {
      const rows = () => db.selectFrom('file_claims').selectAll().where('repo_id', '=', repoId)
      const all = await db
        .selectFrom('file_claims')
        .select('file_path')
        .where('repo_id', '=', repoId)
        .where('is_glob', '=', 1)
        .execute()
      const near = globsNear(
        all.map((row) => row.file_path),
        paths,
        prefixes,
      )
      const globs = await inChunks([...new Set(near)], (part) =>
        rows().where('is_glob', '=', 1).where('file_path', 'in', part).execute(),
      )
      const plain = () => rows().where('is_glob', '=', 0)
      const exact = await inChunks([...new Set(paths)], (part) =>
        plain().where('file_path', 'in', part).execute(),
      )
      const below = await inChunks([...new Set(prefixes)], (part) =>
        plain()
          .where((e) => e.or(part.map((prefix) => beginsWith(prefix))))
          .execute(),
      )
      const claims = [...globs, ...exact, ...below].map(claimFromRow)
      const once = new Map(claims.map((claim) => [`${claim.sessionId} ${claim.path}`, claim]))
      return inOrder([...once.values()])
    },
  }
}

function beginsWith(prefix: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`substr(file_path, 1, length(cast(${prefix} as text))) = cast(${prefix} as text)`
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
