import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Installed } from './program.js'

interface Statement {
  all(...values: unknown[]): unknown[]
  run(...values: unknown[]): { changes: number }
}

interface Database {
  prepare(sql: string): Statement
  close(): void
}

type Driver = new (file: string, options?: { readonly?: boolean }) => Database

// the driver is the store's dependency, and it alone may open the database; tests look behind its back
const store = createRequire(fileURLToPath(new URL('../../packages/store/package.json', import.meta.url)))
const Sqlite = store('better-sqlite3') as Driver

/** The database file of an installation. */
export function databaseFile(it: Installed): string {
  return join(it.env['PARALLEL_CC_HOME'] as string, 'coordinator.db')
}

function withDatabase<T>(it: Installed, work: (database: Database) => T): T {
  const database = new Sqlite(databaseFile(it))
  try {
    return work(database)
  } finally {
    database.close()
  }
}

/** Rows that the database holds, read behind the program's back. */
export function rowsOf<T>(it: Installed, sql: string, ...values: unknown[]): T[] {
  if (!existsSync(databaseFile(it))) return []
  return withDatabase(it, (database) => database.prepare(sql).all(...values) as T[])
}

/** Changes rows behind the program's back; returns how many. */
export function changeRows(it: Installed, sql: string, ...values: unknown[]): number {
  return withDatabase(it, (database) => database.prepare(sql).run(...values).changes)
}
