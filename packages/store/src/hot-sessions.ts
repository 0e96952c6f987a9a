import type { Raw } from './dialects/sqlite-file.js'
import { hotClaims } from './hot-claims.js'
import { hotMessages } from './hot-messages.js'
import { insert, lazySql, type Sql } from './hot-sql.js'
import { hotWarnings } from './hot-warnings.js'
import type {
  ClaimWrites,
  MessageWrites,
  RepoRecord,
  SessionCounting,
  SessionReads,
  SessionRecord,
  SessionWrites,
  WarningWrites,
} from './records.js'
import { type CountRow, joinCounts } from './tables/count-rows.js'
import { type RepoRow, repoFromRow, repoToRow } from './tables/repo-row.js'
import { patchToColumns, type SessionRow, sessionFromRow, sessionToRow } from './tables/session-row.js'

/** What the hot door can do, in a transaction or outside. */
export interface HotSessions extends SessionWrites, SessionCounting {}

/** The records by SQL written by hand: the same questions as in `tables/`, without a query builder to load. */
export function hotSessions(raw: Raw): HotSessions {
  const sql = lazySql(raw)
  return {
    ...reads(sql),
    ...writes(sql),
    ...counting(sql),
    ...hotClaims(sql),
    ...hotMessages(sql),
    ...hotWarnings(sql),
  }
}

const OPEN = 'ended_at is null'
const OLDEST_FIRST = 'order by started_at, id'

function findRepo(sql: Sql, key: Pick<RepoRecord, 'host' | 'commonDir'>): RepoRecord | undefined {
  const row = sql.one<RepoRow>(
    'select * from repos where host = ? and common_dir = ?',
    key.host,
    key.commonDir,
  )
  return row && repoFromRow(row)
}

function findSessions(sql: Sql, where: string, ...values: unknown[]): SessionRecord[] {
  const rows = sql.all<SessionRow>(`select * from sessions where ${where} ${OLDEST_FIRST}`, ...values)
  return rows.map(sessionFromRow)
}

/** What the other files answer. */
type Elsewhere = keyof ClaimWrites | keyof MessageWrites | keyof WarningWrites

function reads(sql: Sql): Omit<SessionReads, Elsewhere> {
  return {
    repoByKey: async (key) => findRepo(sql, key),
    sessionById: async (id) => findSessions(sql, 'id = ?', id)[0],
    sessionsByPids: async (host, pids) =>
      findSessions(
        sql,
        `host = ? and pid in (select value from json_each(?)) and ${OPEN}`,
        host,
        JSON.stringify(pids),
      ),
    openSessions: async (repoId) => findSessions(sql, `repo_id = ? and ${OPEN}`, repoId),
    allOpenSessions: async () => findSessions(sql, OPEN),
    reposOf: async (host) =>
      sql.all<RepoRow>('select * from repos where host = ? order by created_at, id', host).map(repoFromRow),
  }
}

function writes(sql: Sql): Omit<SessionWrites, keyof SessionReads | Elsewhere> {
  return {
    async ensureRepo(repo) {
      const before = findRepo(sql, repo)
      if (before === undefined) {
        insert(sql, 'repos', repoToRow(repo))
        return repo
      }
      if (before.projectKey !== null || repo.projectKey === null) return before
      sql.change('update repos set project_key = ? where id = ?', repo.projectKey, before.id)
      return { ...before, projectKey: repo.projectKey }
    },
    async insertSession(session) {
      insert(sql, 'sessions', sessionToRow(session))
    },
    async updateSession(id, patch) {
      const columns = patchToColumns(patch)
      const names = Object.keys(columns)
      if (names.length === 0) return findSessions(sql, `id = ? and ${OPEN}`, id).length === 1
      const sets = names.map((name) => `${name} = ?`).join(', ')
      const values = [...Object.values(columns), id]
      return sql.change(`update sessions set ${sets} where id = ? and ${OPEN}`, ...values) === 1
    },
    async endSession(id, { endedAt, endReason }) {
      const end = `update sessions set status = 'ended', ended_at = ?, end_reason = ? where id = ? and ${OPEN}`
      if (sql.change(end, endedAt, endReason, id) === 0) return false
      sql.change('delete from file_claims where session_id = ?', id)
      sql.change('delete from subscriptions where session_id = ?', id)
      sql.change('delete from edit_warnings where session_id = ?', id)
      return true
    },
  }
}

function counting(sql: Sql): SessionCounting {
  const count = (table: string, where: string, ...values: unknown[]): CountRow[] =>
    sql.all<CountRow>(
      `select session_id, count(*) as n from ${table}
       where session_id in (select value from json_each(?)) and ${where} group by session_id`,
      ...values,
    )
  return {
    async countsOf(sessionIds, now) {
      const asked = JSON.stringify(sessionIds)
      const claims = count('file_claims', '(expires_at is null or expires_at > ?)', asked, now)
      const unread = count('message_recipients', `state in ('queued', 'delivered')`, asked)
      return joinCounts(sessionIds, claims, unread)
    },
  }
}
