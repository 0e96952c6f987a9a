import {
  type DialectAdapter,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresDialect,
  type PostgresDialectConfig,
  PostgresDriver,
  sql,
} from 'kysely'
import type { Pool } from 'pg'
import { StoreError } from '../errors.js'
import { MIGRATION_TABLE } from '../migrations/names.js'
import type { Schema } from '../schema.js'
import type { Backend, EngineInfo } from './backend.js'
import { postgresError } from './postgres-errors.js'
import { type PostgresUrl, parsePostgresUrl } from './postgres-url.js'
import { BUSY_TIMEOUT_MS } from './sqlite-file.js'
import { translating } from './translating.js'

export interface PostgresOptions {
  /** How long a statement waits for another session's lock, in milliseconds. @default 30000 */
  busyTimeoutMs?: number
  /** How long the server may take to accept a connection, and to answer beyond `busyTimeoutMs`. In milliseconds. @default 10000 */
  answerTimeoutMs?: number
}

/** Makes the pool of connections to a PostgreSQL server. Nothing is connected yet. */
export async function postgresBackend(url: string, options: PostgresOptions): Promise<Backend> {
  const target = parsePostgresUrl(url)
  const pool = await openPool(url, target, options)
  const db = new Kysely<Schema>({ dialect: new LockingDialect({ pool }, target) })
  return {
    dialect: 'postgres',
    location: target.shown,
    db,
    applied: appliedMigrations,
    inTurn: (transaction) => transaction(),
    async beginMigration(connection) {
      await sql`begin isolation level read committed`.execute(connection)
      await sql`select pg_advisory_xact_lock(${LOCKS}, ${LOCK_MIGRATION})`.execute(connection)
    },
    async enter(tx, repoId) {
      // Without a repo the transaction may concern any of them, so it is alone; with one it shares with the other repos.
      if (repoId === null) await sql`select pg_advisory_xact_lock(${LOCKS}, ${LOCK_REPOS})`.execute(tx)
      else {
        await sql`select pg_advisory_xact_lock_shared(${LOCKS}, ${LOCK_REPOS}),
          pg_advisory_xact_lock(hashtextextended(${repoId}, ${LOCKS}))`.execute(tx)
      }
    },
    async enterInboxes(tx) {
      // Numbers are given out at the insert and seen at the commit: without this, a reader could see a later one first.
      await sql`select pg_advisory_xact_lock(${LOCKS}, ${LOCK_INBOXES})`.execute(tx)
    },
    mayBeginAgain: (error) =>
      BEGIN_AGAIN.has(String(error.data.sqlState ?? error.data.systemCode)) ||
      /Connection terminated|not queryable/.test(error.message),
    inspect: () => inspect(db),
    async close() {
      await db.destroy()
      // Kysely ends only a pool that it has used.
      if (!pool.ended) await pool.end()
    },
  }
}

/** Serialization failure, deadlock, too many connections, and a server that was stopped while the connection lay idle. */
const BEGIN_AGAIN = new Set(['40001', '40P01', '53300', '57P01', 'ECONNRESET', 'EPIPE'])

/** Names this program's advisory locks on a server that others may use as well. */
const LOCKS = 0x706363
const LOCK_MIGRATION = 1
const LOCK_REPOS = 2
const LOCK_INBOXES = 3

const BIGINT = 20

async function openPool(url: string, target: PostgresUrl, options: PostgresOptions): Promise<Pool> {
  const { default: pg } = await import('pg').catch((error: unknown) => {
    throw new StoreError('STORE_DRIVER_MISSING', 'The PostgreSQL driver `pg` cannot be loaded', {
      hint: 'Run `npm install pg` beside parallel-cc, or unset PARALLEL_CC_DATABASE_URL to use SQLite.',
      data: { server: target.shown },
      cause: error,
    })
  })
  const { busyTimeoutMs = BUSY_TIMEOUT_MS, answerTimeoutMs = 10_000 } = options
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'parallel-cc',
    max: 2,
    allowExitOnIdle: true,
    keepAlive: true,
    connectionTimeoutMillis: answerTimeoutMs,
    lock_timeout: busyTimeoutMs,
    statement_timeout: busyTimeoutMs + answerTimeoutMs,
    query_timeout: busyTimeoutMs + 2 * answerTimeoutMs,
    // A client that hangs inside a transaction must not hold its repo's lock for ever.
    idle_in_transaction_session_timeout: busyTimeoutMs + answerTimeoutMs,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === BIGINT ? Number : pg.types.getTypeParser(oid, format as 'text'),
    },
  })
  // An idle connection that dies says so by an event, which kills the process when nobody listens; the next query reports it.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

type PostgresConnection = Parameters<PostgresDriver['rollbackTransaction']>[0]

class LockingDriver extends PostgresDriver {
  readonly #target: PostgresUrl
  readonly #translated = new WeakSet<PostgresConnection>()

  constructor(config: PostgresDialectConfig, target: PostgresUrl) {
    super(config)
    this.#target = target
  }

  override async acquireConnection(): Promise<PostgresConnection> {
    try {
      const connection = (await super.acquireConnection()) as PostgresConnection
      if (!this.#translated.has(connection)) {
        this.#translated.add(translating(connection, (error) => postgresError(error, this.#target)))
      }
      return connection
    } catch (error) {
      throw postgresError(error, this.#target)
    }
  }

  override async rollbackTransaction(connection: PostgresConnection): Promise<void> {
    try {
      await super.rollbackTransaction(connection)
    } catch {
      // The connection is gone and with it the transaction; what went wrong before that is the error to report.
    }
  }
}

class LockingDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig
  readonly #target: PostgresUrl

  constructor(config: PostgresDialectConfig, target: PostgresUrl) {
    super(config)
    this.#config = config
    this.#target = target
  }

  override createDriver(): Driver {
    return new LockingDriver(this.#config, this.#target)
  }

  override createAdapter(): DialectAdapter {
    return new TransactionLockAdapter()
  }
}

/** Kysely's own lock belongs to the session and hides the first error of a failed migration; ours ends with the transaction. */
class TransactionLockAdapter extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
}

async function appliedMigrations(db: Kysely<Schema>): Promise<string[]> {
  const { rows: found } = await sql<{ there: boolean }>`
    select to_regclass(${MIGRATION_TABLE}) is not null as there`.execute(db)
  if (found[0]?.there !== true) return []
  const { rows } = await sql<{ name: string }>`
    select name from ${sql.table(MIGRATION_TABLE)} order by name`.execute(db)
  return rows.map((row) => row.name)
}

async function inspect(db: Kysely<Schema>): Promise<EngineInfo> {
  const { rows } = await sql<{ version: string; size: number }>`
    select current_setting('server_version') as version, pg_database_size(current_database()) as size`.execute(
    db,
  )
  return {
    engineVersion: rows[0]?.version ?? '',
    sizeBytes: rows[0]?.size ?? 0,
    integrity: { state: 'unchecked' },
  }
}
