import { accessSync, constants, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
  sql,
  type TransactionSettings,
} from 'kysely'
import { StoreError } from '../errors.js'
import { MIGRATION_TABLE } from '../migrations/names.js'
import type { Schema } from '../schema.js'
import type { Backend, EngineInfo } from './backend.js'
import { fileError, sqliteError } from './sqlite-errors.js'
import { ensureFile, ensureWal, openFile, type Raw, type SqliteOptions } from './sqlite-file.js'
import { takeTurn } from './sqlite-turns.js'
import { translating } from './translating.js'

/** Opens a SQLite file. `check` judges the applied migrations before anything of the file is changed. */
export async function sqliteBackend(
  file: string,
  options: SqliteOptions,
  check: (applied: string[]) => void,
): Promise<Backend> {
  ensureFile(file)
  const raw = openFile(file, options)
  try {
    check(appliedMigrations(raw, file))
    assertWritable(file)
    await ensureWal(raw, file)
    raw.pragma('synchronous = NORMAL')
  } catch (error) {
    raw.close()
    throw sqliteError(error, file)
  }
  const realFile = realpathSync(file)
  const db = new Kysely<Schema>({ dialect: new ImmediateDialect({ database: raw }, raw, file) })
  return {
    dialect: 'sqlite',
    location: file,
    db,
    applied: async () => translated(file, () => appliedMigrations(raw, file)),
    inTurn: (transaction) => takeTurn(realFile, transaction),
    beginMigration: async (connection) => {
      await sql`begin immediate`.execute(connection)
    },
    enter: async () => {},
    enterInboxes: async () => {},
    // These two come without waiting for the busy timeout; a plain SQLITE_BUSY has waited as long as the caller wanted.
    mayBeginAgain: (error) =>
      error.data.sqliteCode === 'SQLITE_BUSY_RECOVERY' || error.data.sqliteCode === 'SQLITE_BUSY_SNAPSHOT',
    inspect: async () => translated(file, () => inspect(raw)),
    async close() {
      await db.destroy()
      // Kysely closes only what it has used.
      if (raw.open) raw.close()
    },
  }
}

/** Says `begin immediate`: a plain `begin` that turns to writing later fails at once under contention, whatever the timeout. */
class ImmediateDriver extends SqliteDriver {
  readonly #raw: Raw
  readonly #file: string
  readonly #translated = new WeakSet<DatabaseConnection>()

  constructor(config: SqliteDialectConfig, raw: Raw, file: string) {
    super(config)
    this.#raw = raw
    this.#file = file
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await super.acquireConnection()
    if (!this.#translated.has(connection)) {
      this.#translated.add(translating(connection, (error) => sqliteError(error, this.#file)))
    }
    return connection
  }

  override async beginTransaction(
    connection: DatabaseConnection,
    settings?: TransactionSettings,
  ): Promise<void> {
    const begin = settings?.accessMode === 'read only' ? 'begin' : 'begin immediate'
    await connection.executeQuery(CompiledQuery.raw(begin))
  }

  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // A full disk makes SQLite roll back by itself; a second rollback would hide the reason.
    if (this.#raw.inTransaction) await super.rollbackTransaction(connection)
  }
}

class ImmediateDialect extends SqliteDialect {
  readonly #driver: () => Driver

  constructor(config: SqliteDialectConfig, raw: Raw, file: string) {
    super(config)
    this.#driver = () => new ImmediateDriver(config, raw, file)
  }

  override createDriver(): Driver {
    return this.#driver()
  }
}

function appliedMigrations(raw: Raw, file: string): string[] {
  const tables = raw
    .prepare(`select name from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\'`)
    .pluck()
    .all() as string[]
  if (tables.includes(MIGRATION_TABLE)) {
    return raw.prepare(`select name from ${MIGRATION_TABLE} order by name`).pluck().all() as string[]
  }
  if (tables.length === 0) return []
  throw new StoreError('STORE_NOT_A_DATABASE', `The file ${file} is a database of another program`, {
    hint: 'It was left as it is. Move it away, or keep the state elsewhere with PARALLEL_CC_HOME.',
    data: { file, tables: tables.slice(0, 10) },
  })
}

/** SQLite opens a file that it may not write without a word, and the first write would be the first to know. */
function assertWritable(file: string): void {
  try {
    accessSync(file, constants.W_OK)
    accessSync(dirname(file), constants.W_OK)
  } catch (error) {
    throw fileError(error, file)
  }
}

function inspect(raw: Raw): EngineInfo {
  const pages = raw.pragma('page_count', { simple: true }) as number
  return {
    engineVersion: raw.prepare('select sqlite_version()').pluck().get() as string,
    sizeBytes: pages * (raw.pragma('page_size', { simple: true }) as number),
    integrity: checkIntegrity(raw),
  }
}

function checkIntegrity(raw: Raw): EngineInfo['integrity'] {
  try {
    const rows = raw.pragma('integrity_check(20)') as { integrity_check: string }[]
    const problems = rows.map((row) => row.integrity_check)
    return problems.length === 1 && problems[0] === 'ok' ? { state: 'ok' } : { state: 'damaged', problems }
  } catch (error) {
    // Some damage stops the check itself.
    const { code, message } = error as { code?: string; message: string }
    if (code?.startsWith('SQLITE_CORRUPT')) return { state: 'damaged', problems: [message] }
    throw error
  }
}

function translated<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw sqliteError(error, file)
  }
}
