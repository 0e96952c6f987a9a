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
    claimsMeeting: async (repoId, paths, prefixes = []) => {
      // most globs are elsewhere, and a row costs ten times what its path does
      const all = sql.all<Pick<ClaimRow, 'file_path'>>(
        'select file_path from file_claims where repo_id = ? and is_glob = 1',
        repoId,
      )
      const near = globsNear(
        all.map((row) => row.file_path),
        paths,
        prefixes,
      )
      const globs = `select * from file_claims where repo_id = ? and is_glob = 1
        and file_path in (select value from json_each(?))`
      const exact = `select * from file_claims where repo_id = ? and is_glob = 0
        and file_path in (select value from json_each(?))`
      const asked = [repoId, JSON.stringify(near), repoId, JSON.stringify(paths)]
      if (prefixes.length === 0) return records(`${globs} union all ${exact}`, ...asked)
      const below = `select * from file_claims where repo_id = ? and is_glob = 0 and exists
        (select 1 from json_each(?) where substr(file_path, 1, length(value)) = value)`
      // a path may be named and lie below as well, so this is a union of different rows
      return records(
        `${globs} union all select * from (${exact} union ${below})`,
        ...asked,
        repoId,
        JSON.stringify(prefixes),
      )
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
