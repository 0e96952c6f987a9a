/** Every migration there is, oldest first. A name stays for ever; a new one sorts after the last. */
export const MIGRATION_NAMES = [
  '0001_sessions',
  '0002_claims_and_messages',
  '0003_merges',
  '0004_sandbox_runs_and_leases',
  '0005_edit_warnings',
] as const

export type MigrationName = (typeof MIGRATION_NAMES)[number]

/** The table in which the applied migrations are written down. */
export const MIGRATION_TABLE = 'kysely_migration'
