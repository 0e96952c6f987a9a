import type { Kysely, Migration } from 'kysely'

/** The ledger of runs in sandboxes, and the leases that let one watcher work for a repository at a time. */
export const sandboxRunsAndLeases: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await createSandboxRuns(db)
    await db.schema
      .createTable('leases')
      .addColumn('repo_id', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('holder', 'text', (c) => c.notNull())
      .addColumn('acquired_at', 'text', (c) => c.notNull())
      .addColumn('expires_at', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('leases_pk', ['repo_id', 'name'])
      .execute()
  },
}

async function createSandboxRuns(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sandbox_runs')
    .addColumn('session_id', 'text', (c) => c.primaryKey())
    .addColumn('repo_id', 'text', (c) => c.notNull())
    .addColumn('asked_by', 'text')
    .addColumn('sandbox_id', 'text')
    .addColumn('provider', 'text', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('name', 'text')
    .addColumn('prompt', 'text', (c) => c.notNull())
    .addColumn('template', 'text')
    .addColumn('worktree_path', 'text')
    .addColumn('branch', 'text')
    .addColumn('base_commit', 'text')
    .addColumn('commit_id', 'text')
    .addColumn('changed_files', 'text')
    .addColumn('exit_code', 'integer')
    .addColumn('cost_usd', 'double precision')
    .addColumn('budget_usd', 'double precision')
    .addColumn('timeout_seconds', 'double precision')
    .addColumn('duration_seconds', 'double precision')
    .addColumn('output_log', 'text')
    .addColumn('error', 'text')
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('started_at', 'text')
    .addColumn('updated_at', 'text', (c) => c.notNull())
    .addColumn('finished_at', 'text')
    .execute()
  await db.schema
    .createIndex('sandbox_runs_repo')
    .on('sandbox_runs')
    .columns(['repo_id', 'created_at'])
    .execute()
  await db.schema.createIndex('sandbox_runs_status').on('sandbox_runs').column('status').execute()
}
