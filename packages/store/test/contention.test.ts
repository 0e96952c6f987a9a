import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { tempDir } from '@pcc/test-kit'
import { expect, test } from 'vitest'
import { openStore } from '../src/index.js'
import { childProgram } from './child.js'
import { aSession } from './records.js'

const DEEP = process.env.PCC_DEEP === '1'
const ROUNDS = DEEP ? 10 : 1
const WRITES = DEEP ? 1_000 : 200

const child = childProgram()

async function withCounter(file: string): Promise<void> {
  const store = await openStore({ file })
  await store.write('r1', (tx) => tx.insertSession(aSession({ id: 'counter', pid: 0, repoId: 'counters' })))
  await store.close()
}

/** A process in the middle of a transaction that has written. */
async function holding(file: string): Promise<ChildProcess> {
  const holder = child.start(child.argv('hold', file))
  holder.stdin!.end()
  for await (const text of holder.stdout!.setEncoding('utf8'))
    if (String(text).includes('holding')) return holder
  throw new Error('the child ended without holding a transaction')
}

test('20 processes that open a new database at once all succeed, and it is migrated once', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const file = join(tempDir(), 'state', 'coordinator.db')
    const said = await child.together(Array.from({ length: 20 }, () => child.argv('open', file)))
    expect(said).toEqual(Array.from({ length: 20 }, () => ({ done: true })))
    const store = await openStore({ file })
    expect(await store.info()).toMatchObject({
      integrity: { state: 'ok' },
      schemaVersion: '0005_edit_warnings',
    })
    await store.close()
  }
})

test.each(['count', 'count-hot'])(
  '16 processes in read-then-insert transactions lose no write and see no busy database (%s)',
  async (step) => {
    const file = join(tempDir(), 'coordinator.db')
    await withCounter(file)
    const said = await Promise.all(
      Array.from({ length: 16 }, () => child.run(child.argv(step, file, WRITES))),
    )
    expect(said).toEqual(Array.from({ length: 16 }, () => ({ done: true })))
    const store = await openStore({ file })
    expect((await store.read.sessionById('counter'))?.pid).toBe(16 * WRITES)
    expect(await store.read.openSessions('r1')).toHaveLength(16 * WRITES)
    expect((await store.info()).integrity).toEqual({ state: 'ok' })
    await store.close()
  },
)

test('two stores of one process on one file take turns instead of blocking each other', async () => {
  const file = join(tempDir(), 'coordinator.db')
  const stores = await Promise.all([1, 2, 3].map(() => openStore({ file }, { busyTimeoutMs: 50 })))
  await Promise.all(
    stores.map((store, n) =>
      store.write('r1', async (tx) => {
        await tx.insertSession(aSession({ id: `s${n}` }))
        // A turn of the event loop, in which the others would run into the lock.
        await new Promise((resolve) => setImmediate(resolve))
      }),
    ),
  )
  expect(await stores[0]!.read.openSessions('r1')).toHaveLength(3)
  for (const store of stores) await store.close()
})

test('a process killed in the middle of a transaction leaves a sound database without half of its work', async () => {
  const file = join(tempDir(), 'coordinator.db')
  await withCounter(file)
  const holder = await holding(file)

  const locked = await openStore({ file }, { busyTimeoutMs: 0 })
  const refused = locked.write('r1', (tx) => tx.insertSession(aSession({ id: 'x' })))
  await expect(refused).rejects.toMatchObject({
    code: 'STORE_BUSY',
    data: { file, sqliteCode: 'SQLITE_BUSY' },
  })
  expect((await locked.read.sessionById('counter'))?.pid).toBe(0)

  holder.kill('SIGKILL')
  await once(holder, 'close')
  await locked.write('r1', (tx) => tx.insertSession(aSession({ id: 'after' })))
  expect((await locked.read.openSessions('r1')).map((s) => s.id)).toEqual(['after'])
  expect((await locked.info()).integrity).toEqual({ state: 'ok' })
  await locked.close()
})

test('a database that is up to date is opened while another process holds its write lock', async () => {
  const file = join(tempDir(), 'coordinator.db')
  await withCounter(file)
  const holder = await holding(file)
  const store = await openStore({ file }, { busyTimeoutMs: 0 })
  expect((await store.read.sessionById('counter'))?.pid).toBe(0)
  await store.close()
  holder.kill('SIGKILL')
  await once(holder, 'close')
})
