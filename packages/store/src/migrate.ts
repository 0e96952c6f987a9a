import { DEFAULT_MIGRATION_LOCK_TABLE, type Kysely, Migrator, sql } from 'kysely'
import type { Backend } from './dialects/backend.js'
import { StoreError } from './errors.js'
import { migrationsFor } from './migrations/index.js'
import { MIGRATION_NAMES, MIGRATION_TABLE } from './migrations/names.js'
import type { Schema } from './schema.js'

const KNOWN: ReadonlySet<string> = new Set(MIGRATION_NAMES)

/**
 * Refuses a database that was written by a newer version.
 *
 * @throws `STORE_NEWER` when a migration was applied that this version does not know.
 */
export function assertKnown(applied: readonly string[], location: string): void {
  const unknown = applied.find((name) => !KNOWN.has(name))
  if (unknown === undefined) return
  throw new StoreError(
    'STORE_NEWER',
    `The database ${location} was written by a newer version of parallel-cc`,
    {
      hint: 'It was left as it is. Update parallel-cc, or keep the state of this version elsewhere with PARALLEL_CC_HOME.',
      data: { location, unknownMigration: unknown, latestKnown: MIGRATION_NAMES.at(-1) },
    },
  )
}

/**
 * Brings the database to the latest schema. One that is there already is only read. All migrations, and the table that
 * records them, go through one transaction in which no other process migrates: any number may call this at once.
 */
export async function migrate(backend: Backend): Promise<void> {
  const applied = await backend.applied(backend.db)
  assertKnown(applied, backend.location)
  if (applied.length === MIGRATION_NAMES.length) return
  await backend.inTurn(() => migrateAlone(backend))
}

async function migrateAlone(backend: Backend): Promise<void> {
  await backend.db.connection().execute(async (connection) => {
    await backend.beginMigration(connection)
    try {
      // Another process may have been first, and may even have been newer.
      assertKnown(await backend.applied(connection), backend.location)
      await createMigrationTables(connection)
      const { error } = await new Migrator({
        db: connection,
        migrationTableName: MIGRATION_TABLE,
        provider: { getMigrations: async () => migrationsFor(backend.dialect) },
        // The transaction is here already, around all of the migrator's steps.
        disableTransactions: true,
      }).migrateToLatest()
      if (error !== undefined) throw error
      await sql`commit`.execute(connection)
    } catch (error) {
      // A lost connection or a full disk has rolled back by itself: the first error is the one to report.
      await sql`rollback`.execute(connection).catch(() => undefined)
      throw error
    }
  })
}

/**
 * The migrator's own two tables. It would make them itself, but looks for them in every schema of a PostgreSQL database, and
 * hides the reason when it may not create them.
 */
async function createMigrationTables(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable(MIGRATION_TABLE)
    .ifNotExists()
    .addColumn('name', 'varchar(255)', (c) => c.notNull().primaryKey())
    .addColumn('timestamp', 'varchar(255)', (c) => c.notNull())
    .execute()
  await db.schema
    .createTable(DEFAULT_MIGRATION_LOCK_TABLE)
    .ifNotExists()
    .addColumn('id', 'varchar(255)', (c) => c.notNull().primaryKey())
    .addColumn('is_locked', 'integer', (c) => c.notNull().defaultTo(0))
    .execute()
}
