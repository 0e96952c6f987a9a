import type { Kysely, Migration } from 'kysely'

/** Branches found landed, and who wants to hear of which. */
export const merges: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('merge_events')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('branch', 'text', (c) => c.notNull())
      .addColumn('merged_at', 'text', (c) => c.notNull())
      .addColumn('merged_into', 'text', (c) => c.notNull().defaultTo('main'))
      .addColumn('notified_sessions', 'text')
      .addColumn('repo_id', 'text', (c) => c.notNull())
      .addColumn('source_commit', 'text', (c) => c.notNull())
      .addColumn('target_commit', 'text', (c) => c.notNull())
      .addColumn('method', 'text', (c) => c.notNull())
      .addColumn('merged_by', 'text')
      .addColumn('reverted', 'integer', (c) => c.notNull().defaultTo(0))
      .addUniqueConstraint('merge_events_once', ['repo_id', 'branch', 'source_commit', 'merged_into'])
      .execute()
    await db.schema
      .createIndex('merge_events_repo')
      .on('merge_events')
      .columns(['repo_id', 'merged_at'])
      .execute()
    await db.schema
      .createTable('subscriptions')
      .addColumn('session_id', 'text', (c) => c.notNull())
      .addColumn('branch', 'text', (c) => c.notNull())
      .addColumn('created_at', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('subscriptions_pk', ['session_id', 'branch'])
      .execute()
    await db.schema.createIndex('subscriptions_branch').on('subscriptions').column('branch').execute()
  },
}
