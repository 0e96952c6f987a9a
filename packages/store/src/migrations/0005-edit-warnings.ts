import type { Kysely, Migration } from 'kysely'

/** Which session was warned of whose hold on which file: it is held back once. */
export const editWarnings: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('edit_warnings')
      .addColumn('session_id', 'text', (c) => c.notNull())
      .addColumn('repo_id', 'text', (c) => c.notNull())
      .addColumn('file_path', 'text', (c) => c.notNull())
      .addColumn('holder', 'text', (c) => c.notNull())
      .addColumn('warned_at', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('edit_warnings_pk', ['session_id', 'file_path', 'holder'])
      .execute()
  },
}
