import { inspect } from 'node:util'
import { type PostgresServer, startPostgres } from '@pcc/test-kit'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openStore, type Store, type StoreOptions } from '../../src/index.js'
import { aSession } from '../records.js'

let server: PostgresServer
const opened: Store[] = []

beforeAll(async () => {
  server = await startPostgres()
  await server.sql(`create role locked login password 's3cret'`)
})
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
})
afterAll(() => server.stop())

async function open(url: string, options: StoreOptions = {}): Promise<Store> {
  const store = await openStore({ url }, options)
  opened.push(store)
  return store
}

async function refusal(url: string, options: StoreOptions = {}): Promise<unknown> {
  return openStore({ url }, options).then(
    () => 'opened',
    (error: unknown) => error,
  )
}

describe('a server that cannot be used', () => {
  test.each([
    ['that is not there, by socket', 'postgres://ann:s3cret@%2Fno%2Fsuch%2Ffolder/team'],
    ['that is not there, by port', 'postgres://ann:s3cret@127.0.0.1:1/team'],
  ])('%s, is unreachable', async (_, url) => {
    const error = await refusal(url)
    expect(error).toMatchObject({
      code: 'STORE_UNREACHABLE',
      hint: expect.stringContaining('PARALLEL_CC_DATABASE_URL'),
    })
    expect(inspect(error, { depth: 9 })).not.toContain('s3cret')
  })

  test('lets nobody in with a wrong password, or without one', async () => {
    for (const login of ['locked:wr0ng', 'locked']) {
      const error = await refusal(server.urlOf('postgres', login))
      expect(error).toMatchObject({ code: 'STORE_DENIED' })
      expect(inspect(error, { depth: 9 })).not.toContain('wr0ng')
    }
  })

  test('says that a database does not exist', async () => {
    expect(await refusal(server.urlOf('nowhere'))).toMatchObject({
      code: 'STORE_UNREACHABLE',
      message: expect.stringContaining('does not exist'),
      data: { sqlState: '3D000' },
    })
  })

  test('says that the user may not create tables', async () => {
    const url = await server.createDatabase()
    const locked = server.urlOf(url.split('/').at(-1)!, 'locked:s3cret')
    const error = await refusal(locked)
    expect(error).toMatchObject({ code: 'STORE_DENIED', data: { sqlState: '42501' } })
    expect(inspect(error, { depth: 9 })).not.toContain('s3cret')
  })

  test('that does not answer in time is unreachable', async () => {
    server.freeze()
    const error = await refusal(server.url, { answerTimeoutMs: 200, busyTimeoutMs: 100 })
    server.thaw()
    expect(error).toMatchObject({ code: 'STORE_UNREACHABLE' })
  })

  test('that takes no more connections is busy', async () => {
    await server.sql('alter role locked connection limit 0')
    expect(await refusal(server.urlOf('postgres', 'locked:s3cret'))).toMatchObject({ code: 'STORE_BUSY' })
    await server.sql('alter role locked connection limit -1')
  })

  test('that is a standby is read-only', async () => {
    const url = await server.createDatabase()
    await (await openStore({ url })).close()
    await server.sql(`alter database ${url.split('/').at(-1)} set default_transaction_read_only = on`)
    const store = await open(url)
    const written = store.write('r1', (tx) => tx.insertSession(aSession()))
    await expect(written).rejects.toMatchObject({ code: 'STORE_READ_ONLY' })
  })
})

describe('a server that dies', () => {
  test('in the middle of a transaction is reported, nothing of it is kept, and the store works on when it is back', async () => {
    const store = await open(await server.createDatabase())
    const died = store.write('r1', async (tx) => {
      await tx.insertSession(aSession())
      await server.kill()
      await tx.insertSession(aSession({ id: 's2' }))
    })
    await expect(died).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
    await expect(store.read.openSessions('r1')).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
    await expect(store.write('r1', async () => 1)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
    await server.restart()
    expect(await store.read.openSessions('r1')).toEqual([])
    await store.write('r1', (tx) => tx.insertSession(aSession()))
    expect(await store.read.openSessions('r1')).toHaveLength(1)
  })

  test('and comes back while the store is idle is not noticed by the next write', async () => {
    const store = await open(await server.createDatabase())
    await store.write('r1', (tx) => tx.insertSession(aSession()))
    await server.kill()
    await server.restart()
    await store.write('r1', (tx) => tx.insertSession(aSession({ id: 's2' })))
    expect(await store.read.openSessions('r1')).toHaveLength(2)
  })

  test('before the work’s own error comes out does not hide that error', async () => {
    const store = await open(await server.createDatabase())
    const mine = new Error('a rule says no')
    const failed = store.write('r1', async () => {
      await server.kill()
      throw mine
    })
    await expect(failed).rejects.toBe(mine)
    await server.restart()
  })
})

/** Reads a counter, inserts a session named by it, and writes the counter. */
const count = (store: Store) =>
  store.write('r1', async (tx) => {
    const { pid } = (await tx.sessionById('counter'))!
    await tx.insertSession(aSession({ id: `n${pid}`, repoId: 'r2' }))
    await tx.updateSession('counter', { pid: pid + 1 })
  })

describe('many at once', () => {
  test('stores that open a new database together all succeed', async () => {
    const url = await server.createDatabase()
    const stores = await Promise.all(Array.from({ length: 10 }, () => open(url)))
    await stores[0]!.write('r1', (tx) => tx.insertSession(aSession()))
    expect(await stores[9]!.read.sessionById('s1')).toEqual(aSession())
  })

  test('read-then-insert transactions of one repo lose nothing, whatever the server’s isolation level', async () => {
    const url = await server.createDatabase()
    await server.sql(
      `alter database ${url.split('/').at(-1)} set default_transaction_isolation = 'repeatable read'`,
    )
    const stores = await Promise.all(Array.from({ length: 6 }, () => open(url)))
    await stores[0]!.write('r1', (tx) => tx.insertSession(aSession({ id: 'counter', pid: 0 })))
    await Promise.all(
      stores.map(async (store) => {
        for (let n = 0; n < 20; n++) await count(store)
      }),
    )
    expect((await stores[0]!.read.sessionById('counter'))?.pid).toBe(120)
    expect(await stores[0]!.read.openSessions('r2')).toHaveLength(120)
  })

  test('repos do not wait for each other, and a wait for one’s own ends in time', async () => {
    const url = await server.createDatabase()
    const holder = await open(url)
    const other = await open(url, { busyTimeoutMs: 100 })
    await holder.write('r1', async (tx) => {
      await tx.insertSession(aSession())
      await other.write('r2', (mine) => mine.insertSession(aSession({ id: 's2', repoId: 'r2' })))
      for (const repoId of ['r1', null]) {
        await expect(other.write(repoId, async () => 1)).rejects.toMatchObject({
          code: 'STORE_BUSY',
          data: { sqlState: '55P03' },
        })
      }
    })
    expect(await other.read.openSessions('r1')).toHaveLength(1)
  })
})

test('a database of a newer version is refused and left as it is', async () => {
  const url = await server.createDatabase()
  const name = url.split('/').at(-1)!
  await (await openStore({ url })).close()
  await server.sql(
    `insert into kysely_migration values ('9999_from_the_future', '2030-01-01T00:00:00.000Z')`,
    name,
  )
  expect(await refusal(url)).toMatchObject({
    code: 'STORE_NEWER',
    data: { unknownMigration: '9999_from_the_future' },
  })
})

test('a migration that fails is undone and reported with its own reason', async () => {
  const url = await server.createDatabase()
  const name = url.split('/').at(-1)!
  await server.sql('create table merge_events (id text)', name)
  expect(await refusal(url)).toMatchObject({ code: 'STORE_FAILED', data: { sqlState: '42P07' } })
  expect(await server.sql(`select count(*) from pg_tables where schemaname = 'public'`, name)).toBe('1\n')
})

test('the socket’s folder may also be given as a parameter', async () => {
  const store = await open(`postgres:///postgres?host=${server.socketDir}&user=pcc`)
  expect(store.location).toBe(`postgres://pcc@${server.socketDir}/postgres`)
  expect(await store.info()).toMatchObject({
    dialect: 'postgres',
    engineVersion: expect.stringMatching(/^\d+/),
    integrity: { state: 'unchecked' },
  })
})

test('a transaction whose error was swallowed does not pretend to have been written', async () => {
  const store = await open(await server.createDatabase())
  const swallowed = store.write('r1', async (tx) => {
    await tx.insertSession(aSession())
    await tx.insertSession(aSession()).catch(() => undefined)
  })
  await expect(swallowed).rejects.toMatchObject({ code: 'STORE_FAILED' })
  expect(await store.read.openSessions('r1')).toEqual([])
})

test('a write that finds no free connection is begun again, and then done', async () => {
  const url = await server.createDatabase()
  const name = url.split('/').at(-1)!
  await server.sql('grant create on schema public to locked', name)
  const login = server.urlOf(name, 'locked:s3cret')
  const store = await open(login)
  await server.sql(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'locked'`)
  await server.sql('alter role locked connection limit 1')
  const other = await openStore({ url: login })
  const written = store.write('r1', (tx) => tx.insertSession(aSession()))
  await other.close()
  await written
  expect(await store.read.openSessions('r1')).toHaveLength(1)
  await server.sql('alter role locked connection limit -1')
})
