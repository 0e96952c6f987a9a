import type { Kysely, Transaction } from 'kysely'
import type { StoreError } from '../errors.js'
import type { DialectName } from '../migrations/dialect.js'
import type { Schema } from '../schema.js'

/** What the store needs of a database beyond the queries, which are the same for both. */
export interface Backend {
  dialect: DialectName
  /** The file, or the server without its password. */
  location: string
  db: Kysely<Schema>
  /** Names of the migrations that were applied, oldest first. */
  applied(db: Kysely<Schema>): Promise<string[]>
  /** Runs a write transaction when no other of this process is in its way. */
  inTurn<T>(transaction: () => Promise<T>): Promise<T>
  /** Begins a transaction in which nobody else migrates. */
  beginMigration(connection: Kysely<Schema>): Promise<void>
  /** First step of a write transaction: waits until it is alone. */
  enter(tx: Transaction<Schema>, repoId: string | null): Promise<void>
  /** Before numbers of the inboxes are given out in a write transaction: waits until no other has given out some that it may yet undo. */
  enterInboxes(tx: Transaction<Schema>): Promise<void>
  /** Whether a transaction that did not come to its first statement may be begun again. */
  mayBeginAgain(error: StoreError): boolean
  /** Looks at the database itself. */
  inspect(): Promise<EngineInfo>
  close(): Promise<void>
}

/** What `doctor` wants to know of the database program and its files. */
export interface EngineInfo {
  /** Version of SQLite or of the PostgreSQL server. */
  engineVersion: string
  /** Size of the database, in bytes. */
  sizeBytes: number
  /** `unchecked`: this database checks itself, the store cannot. */
  integrity: { state: 'ok' } | { state: 'damaged'; problems: string[] } | { state: 'unchecked' }
}
