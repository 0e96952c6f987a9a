import { Migrator, sql } from 'kysely'
import type { Backend } from './dialects/backend.js'
import { StoreError } from './errors.js'
import { migrationsFor } from './migrations/index.js'
import { MIGRATION_NAMES } from './migrations/names.js'

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
      const { error } = await new Migrator({
        db: connection,
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
