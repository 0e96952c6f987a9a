import type { Migration } from 'kysely'
import { sessions } from './0001-sessions.js'
import { claimsAndMessages } from './0002-claims-and-messages.js'
import { merges } from './0003-merges.js'
import { sandboxRunsAndLeases } from './0004-sandbox-runs-and-leases.js'
import { editWarnings } from './0005-edit-warnings.js'
import type { DialectName } from './dialect.js'
import type { MigrationName } from './names.js'

/** The migrations of one dialect by name. They are imported, never read from a folder, so that a bundle has them. */
export function migrationsFor(dialect: DialectName): Record<MigrationName, Migration> {
  return {
    '0001_sessions': sessions,
    '0002_claims_and_messages': claimsAndMessages(dialect),
    '0003_merges': merges,
    '0004_sandbox_runs_and_leases': sandboxRunsAndLeases,
    '0005_edit_warnings': editWarnings,
  }
}
