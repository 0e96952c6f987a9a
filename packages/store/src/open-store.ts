import type { Backend } from './dialects/backend.js'
import type { PostgresOptions } from './dialects/postgres.js'
import { sqliteBackend } from './dialects/sqlite.js'
import type { SqliteOptions } from './dialects/sqlite-file.js'
import { assertKnown, migrate } from './migrate.js'
import { createStore, type Store } from './store.js'

/** A SQLite file by its absolute path, or a PostgreSQL database by its connection URL. */
export type StoreTarget = { file: string } | { url: string }

/** `nativeBinding` is for SQLite, `answerTimeoutMs` for PostgreSQL; `busyTimeoutMs` is for both. */
export interface StoreOptions extends SqliteOptions, PostgresOptions {}

/**
 * Opens the store and brings its schema up to date; a missing SQLite file is made, with its folder, for the owner alone. Any
 * number of processes may open the same database at once. A database that is up to date is not locked for it. What cannot be
 * used is left exactly as it is.
 *
 * @throws `STORE_NEWER`, `STORE_CORRUPT`, `STORE_NOT_A_DATABASE`, `STORE_READ_ONLY`, `STORE_FULL`, `STORE_BUSY`,
 * `STORE_UNREACHABLE`, `STORE_DENIED`, `STORE_DRIVER_MISSING`, `STORE_FAILED`
 */
export async function openStore(target: StoreTarget, options: StoreOptions = {}): Promise<Store> {
  const backend = await openBackend(target, options)
  try {
    await migrate(backend)
    return createStore(backend)
  } catch (error) {
    // What went wrong while opening is the error to report; the connection is dropped either way.
    await backend.close().catch(() => undefined)
    throw error
  }
}

async function openBackend(target: StoreTarget, options: StoreOptions): Promise<Backend> {
  if ('file' in target) {
    return sqliteBackend(target.file, options, (applied) => assertKnown(applied, target.file))
  }
  const { postgresBackend } = await import('./dialects/postgres.js')
  return postgresBackend(target.url, options)
}
