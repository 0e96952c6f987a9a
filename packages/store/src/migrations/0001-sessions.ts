import type { Kysely, Migration } from 'kysely'

/** Repositories, the sessions in them, and the trees that were made for sessions. */
export const sessions: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await createRepos(db)
    await createSessions(db)
    await createWorktrees(db)
  },
}

async function createRepos(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('repos')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('common_dir', 'text', (c) => c.notNull())
    .addColumn('project_key', 'text')
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addUniqueConstraint('repos_host_common_dir', ['host', 'common_dir'])
    .execute()
  await db.schema.createIndex('repos_project_key').on('repos').column('project_key').execute()
}

async function createSessions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sessions')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('repo_id', 'text', (c) => c.notNull())
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('pid', 'integer', (c) => c.notNull())
    .addColumn('process_start', 'text')
    .addColumn('name', 'text')
    .addColumn('agent_session_id', 'text')
    .addColumn('worktree_path', 'text', (c) => c.notNull())
    .addColumn('worktree_name', 'text')
    .addColumn('branch', 'text')
    .addColumn('base', 'text')
    .addColumn('is_main_repo', 'integer', (c) => c.notNull())
    .addColumn('owns_worktree', 'integer', (c) => c.notNull())
    .addColumn('started_at', 'text', (c) => c.notNull())
    .addColumn('last_heartbeat', 'text', (c) => c.notNull())
    .addColumn('ended_at', 'text')
    .addColumn('end_reason', 'text')
    .addColumn('execution_mode', 'text', (c) => c.notNull().defaultTo('local'))
    .addColumn('sandbox_id', 'text')
    .addColumn('prompt', 'text')
    .addColumn('status', 'text', (c) => c.notNull().defaultTo('active'))
    .addColumn('output_log', 'text')
    .addColumn('origin', 'text', (c) => c.notNull())
    .execute()
  await db.schema
    .createIndex('sessions_repo_open')
    .on('sessions')
    .columns(['repo_id', 'ended_at', 'started_at'])
    .execute()
  await db.schema
    .createIndex('sessions_process')
    .on('sessions')
    .columns(['host', 'pid', 'ended_at'])
    .execute()
}

async function createWorktrees(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('worktrees')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('repo_id', 'text', (c) => c.notNull())
    .addColumn('session_id', 'text')
    .addColumn('path', 'text', (c) => c.notNull())
    .addColumn('branch', 'text', (c) => c.notNull())
    .addColumn('base', 'text', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('removed_at', 'text')
    .execute()
  await db.schema.createIndex('worktrees_repo').on('worktrees').columns(['repo_id', 'created_at']).execute()
}
