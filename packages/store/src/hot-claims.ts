import type { Sql } from './hot-sql.js'
import type { ClaimWrites } from './records.js'
import { type ClaimRow, claimFromRow, claimToRow, inOrder } from './tables/claim-row.js'
import { globsNear } from './tables/glob-start.js'

const COLUMNS = Object.keys(
  claimToRow({
    sessionId: '',
    repoId: '',
    path: '',
    isGlob: false,
    mode: 'advisory',
    source: 'manual',
    reason: null,
    claimedAt: '',
    expiresAt: null,
  }),
)

/** The claims by SQL written by hand: the same questions as in `tables/claims.ts`. */
export function hotClaims(sql: Sql): ClaimWrites {
  const records = (text: string, ...values: unknown[]) =>
    inOrder(sql.all<ClaimRow>(text, ...values).map(claimFromRow))
  return {
    claimsOf: async (repoId) => records('select * from file_claims where repo_id = ?', repoId),
    async claimsMeeting(repoId, paths) {
      // most globs are elsewhere: rows cost ten times what their paths do
      const globs = sql.all<Pick<ClaimRow, 'file_path'>>(
        'select file_path from file_claims where repo_id = ? and is_glob = 1',
        repoId,
      )
      const near = globsNear(
        globs.map((row) => row.file_path),
        paths,
      )
      const rows = (isGlob: 0 | 1, names: readonly string[]): ClaimRow[] =>
        sql.all<ClaimRow>(
          `select * from file_claims where repo_id = ? and is_glob = ?
             and file_path in (select value from json_each(?))`,
          repoId,
          isGlob,
          JSON.stringify(names),
        )
      return inOrder([...rows(0, paths), ...(near.length === 0 ? [] : rows(1, near))].map(claimFromRow))
    },
    async putClaim(claim) {
      const row = claimToRow(claim)
      sql.change(
        `insert or replace into file_claims (${COLUMNS.join(', ')}) values (${COLUMNS.map(() => '?').join(', ')})`,
        ...COLUMNS.map((column) => row[column as keyof ClaimRow]),
      )
    },
    async deleteClaims(sessionId, paths) {
      if (paths === null) {
        return records('delete from file_claims where session_id = ? returning *', sessionId)
      }
      return records(
        `delete from file_claims where session_id = ?
           and file_path in (select value from json_each(?)) returning *`,
        sessionId,
        JSON.stringify(paths),
      )
    },
  }
}
