import { join } from 'node:path'
import { tempDir } from '@pcc/test-kit'
import Database from 'better-sqlite3'
import { Kysely, Migrator, SqliteDialect } from 'kysely'
import { expect, test } from 'vitest'
import { openStore } from '../src/index.js'
import { migrationsFor } from '../src/migrations/index.js'
import { MIGRATION_NAMES } from '../src/migrations/names.js'
import { aRepo, aSession } from './records.js'

test.each(['sqlite', 'postgres'] as const)(
  'the names of the migrations are those of %s, in order',
  (dialect) => {
    expect(Object.keys(migrationsFor(dialect))).toEqual([...MIGRATION_NAMES])
    expect([...MIGRATION_NAMES].toSorted()).toEqual([...MIGRATION_NAMES])
  },
)

test('a database of an older version gets what it lacks and keeps what it has', async () => {
  const file = join(tempDir(), 'coordinator.db')
  const raw = new Database(file)
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: raw }) })
  const provider = { getMigrations: async () => migrationsFor('sqlite') }
  await new Migrator({ db, provider }).migrateTo('0001_sessions')
  raw.exec(`insert into repos values ('r1', 'h1', '/code/app/.git', null, '2026-01-02T03:04:05.000Z')`)
  await db.destroy()

  const store = await openStore({ file })
  expect(await store.read.repoByKey(aRepo())).toEqual(aRepo())
  expect(await store.countsOf(['s1'], '2026-01-02T03:04:05.000Z')).toEqual(
    new Map([['s1', { claims: 0, unreadMessages: 0 }]]),
  )
  expect((await store.info()).schemaVersion).toBe(MIGRATION_NAMES.at(-1))
  await store.close()
})

test('a migration that fails leaves the database as it was', async () => {
  const file = join(tempDir(), 'coordinator.db')
  const raw = new Database(file)
  raw.exec('create table kysely_migration (name text primary key, timestamp text not null)')
  raw.exec('create table merge_events (id text)')
  await expect(openStore({ file })).rejects.toMatchObject({
    code: 'STORE_FAILED',
    message: expect.stringContaining('merge_events'),
  })
  const tables = raw
    .prepare(`select name from sqlite_master where type = 'table' order by name`)
    .pluck()
    .all()
  expect(tables).toEqual(['kysely_migration', 'merge_events'])
  raw.close()
})

test('stores of one process that open a new database together all succeed', async () => {
  const file = join(tempDir(), 'coordinator.db')
  const stores = await Promise.all(
    Array.from({ length: 5 }, () => openStore({ file }, { busyTimeoutMs: 500 })),
  )
  await stores[0]!.write('r1', (tx) => tx.insertSession(aSession()))
  expect(await stores[4]!.read.sessionById('s1')).toEqual(aSession())
  for (const store of stores) await store.close()
})
