import type { CreateTableBuilder, Kysely, Migration } from 'kysely'
import type { DialectName } from './dialect.js'

/** Claims on files, and the messages between sessions with what became of each for every recipient. */
export function claimsAndMessages(dialect: DialectName): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await createFileClaims(db)
      await createMessages(db)
      await createMessageRecipients(db, dialect)
    },
  }
}

async function createFileClaims(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('file_claims')
    .addColumn('session_id', 'text', (c) => c.notNull())
    .addColumn('file_path', 'text', (c) => c.notNull())
    .addColumn('claim_mode', 'text', (c) => c.notNull().defaultTo('advisory'))
    .addColumn('claimed_at', 'text', (c) => c.notNull())
    .addColumn('repo_id', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'text')
    .addColumn('reason', 'text')
    .addColumn('source', 'text', (c) => c.notNull().defaultTo('manual'))
    .addColumn('is_glob', 'integer', (c) => c.notNull().defaultTo(0))
    .addPrimaryKeyConstraint('file_claims_pk', ['session_id', 'file_path'])
    .execute()
  await db.schema
    .createIndex('file_claims_repo_path')
    .on('file_claims')
    .columns(['repo_id', 'file_path'])
    .execute()
}

async function createMessages(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('messages')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('repo_id', 'text', (c) => c.notNull())
    .addColumn('from_session', 'text')
    .addColumn('body', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull().defaultTo('message'))
    .addColumn('data', 'text')
    .addColumn('sent_at', 'text', (c) => c.notNull())
    .execute()
  await db.schema.createIndex('messages_sender').on('messages').columns(['from_session', 'sent_at']).execute()
}

async function createMessageRecipients(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  await withPosition(db.schema.createTable('message_recipients'), dialect)
    .addColumn('message_id', 'text', (c) => c.notNull())
    .addColumn('session_id', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull().defaultTo('queued'))
    .addColumn('delivered_at', 'text')
    .addColumn('read_at', 'text')
    .addUniqueConstraint('message_recipients_once', ['message_id', 'session_id'])
    .execute()
  await db.schema
    .createIndex('message_recipients_inbox')
    .on('message_recipients')
    .columns(['session_id', 'state', 'position'])
    .execute()
}

/** A number that only grows, given by the database. */
function withPosition(
  table: CreateTableBuilder<string, never>,
  dialect: DialectName,
): CreateTableBuilder<string, string> {
  return dialect === 'sqlite'
    ? table.addColumn('position', 'integer', (c) => c.primaryKey().autoIncrement())
    : table.addColumn('position', 'bigint', (c) => c.primaryKey().generatedByDefaultAsIdentity())
}
