import type { Kysely, Migration } from 'kysely'

/** What the condition of an index needs to know of the table. */
interface Claims {
  file_claims: { repo_id: string; is_glob: number }
}

/** Which session was warned of whose hold on which file: it is held back once. And globs found fast, which every edit has to meet. */
export const editWarnings: Migration = {
  async up(db: Kysely<Claims>): Promise<void> {
    await db.schema
      .createTable('edit_warnings')
      .addColumn('session_id', 'text', (c) => c.notNull())
      .addColumn('repo_id', 'text', (c) => c.notNull())
      .addColumn('file_path', 'text', (c) => c.notNull())
      .addColumn('holder', 'text', (c) => c.notNull())
      .addColumn('warned_at', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('edit_warnings_pk', ['session_id', 'file_path', 'holder'])
      .execute()
    await db.schema
      .createIndex('file_claims_globs')
      .on('file_claims')
      .columns(['repo_id', 'is_glob', 'file_path'])
      .where('is_glob', '=', 1)
      .execute()
  },
}
