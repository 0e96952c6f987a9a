import { describe, expect, test } from 'vitest'
import { aRepo, aSession, T0 } from './records.js'
import { doors } from './stores.js'

const LATER = '2026-01-02T03:05:00.000Z'

describe.each(doors())('sessions through $name', (door) => {
  test('a repo is made once and then found by host and common directory', async () => {
    const store = await door.open()
    const made = await store.write(null, (tx) => tx.ensureRepo(aRepo()))
    const again = await store.write(null, (tx) => tx.ensureRepo(aRepo({ id: 'other', createdAt: LATER })))
    expect(made).toEqual(aRepo())
    expect(again).toEqual(aRepo())
    expect(await store.read.repoByKey({ host: 'h1', commonDir: '/code/app/.git' })).toEqual(aRepo())
    expect(await store.read.repoByKey({ host: 'h2', commonDir: '/code/app/.git' })).toBeUndefined()
  })

  test('a project key that was unknown is filled in, and a known one is kept', async () => {
    const store = await door.open()
    await store.write(null, (tx) => tx.ensureRepo(aRepo()))
    const known = await store.write(null, (tx) => tx.ensureRepo(aRepo({ projectKey: 'example.com/app' })))
    expect(known.projectKey).toBe('example.com/app')
    await store.write(null, (tx) => tx.ensureRepo(aRepo({ projectKey: 'example.com/other' })))
    const kept = await store.read.repoByKey(aRepo())
    expect(kept?.projectKey).toBe('example.com/app')
  })

  test('a session comes back exactly as it was inserted, strange characters included', async () => {
    const store = await door.open()
    const full = aSession({
      name: `it's "ünï\ncode" 🌳; drop table sessions --`,
      agentSessionId: 'a-1',
      worktreeName: 'parallel-x',
      base: 'f'.repeat(40),
      isMainRepo: false,
      ownsWorktree: true,
      sandboxId: 'sb',
      prompt: '',
      outputLog: '/tmp/log',
      processStart: null,
      status: 'starting',
      origin: 'hook',
      executionMode: 'e2b',
    })
    await store.write('r1', (tx) => tx.insertSession(full))
    expect(await store.read.sessionById('s1')).toEqual(full)
    expect(await store.read.sessionById('nobody')).toBeUndefined()
  })

  test('a beat moves the heartbeat of a session that has not ended, and nothing else', async () => {
    const store = await door.open()
    await store.write('r1', (tx) => tx.insertSession(aSession()))
    expect(await store.beat('s1', LATER)).toBe(true)
    expect(await store.read.sessionById('s1')).toEqual({ ...aSession(), lastHeartbeat: LATER })
    expect(await store.beat('nobody', LATER)).toBe(false)
    await store.write('r1', (tx) => tx.endSession('s1', { endedAt: LATER, endReason: 'stop' }))
    expect(await store.beat('s1', T0)).toBe(false)
    expect((await store.read.sessionById('s1'))?.lastHeartbeat).toBe(LATER)
  })

  test('open sessions of a repo are listed oldest first, without ended ones and other repos', async () => {
    const store = await door.open()
    await store.write('r1', async (tx) => {
      await tx.insertSession(aSession({ id: 'young', startedAt: LATER }))
      await tx.insertSession(aSession({ id: 'old' }))
      await tx.insertSession(aSession({ id: 'gone' }))
      await tx.insertSession(aSession({ id: 'elsewhere', repoId: 'r2' }))
      await tx.endSession('gone', { endedAt: LATER, endReason: 'stop' })
    })
    expect((await store.read.openSessions('r1')).map((s) => s.id)).toEqual(['old', 'young'])
    expect(await store.read.openSessions('none')).toEqual([])
  })

  test('sessions are found by the processes of one host, any number of which may be asked about', async () => {
    const store = await door.open()
    await store.write('r1', async (tx) => {
      await tx.insertSession(aSession({ id: 'a', pid: 10 }))
      await tx.insertSession(aSession({ id: 'b', pid: 1_900 }))
      await tx.insertSession(aSession({ id: 'c', pid: 10, host: 'h2' }))
      await tx.insertSession(aSession({ id: 'd', pid: 11 }))
      await tx.endSession('d', { endedAt: LATER, endReason: 'stop' })
    })
    const many = Array.from({ length: 2_000 }, (_, pid) => pid)
    expect((await store.read.sessionsByPids('h1', many)).map((s) => s.id).toSorted()).toEqual(['a', 'b'])
    expect((await store.read.sessionsByPids('h1', [10, 10])).map((s) => s.id)).toEqual(['a'])
    expect(await store.read.sessionsByPids('h1', [])).toEqual([])
  })

  test('a patch changes what it names and nothing else', async () => {
    const store = await door.open()
    await store.write('r1', (tx) => tx.insertSession(aSession({ status: 'starting', name: 'keep' })))
    const patch = { pid: 5, branch: null, isMainRepo: false, status: 'active', lastHeartbeat: LATER } as const
    expect(await store.write('r1', (tx) => tx.updateSession('s1', patch))).toBe(true)
    expect(await store.read.sessionById('s1')).toEqual(aSession({ ...patch, name: 'keep' }))
  })

  test('a patch cannot reach columns that must not change, nor sessions that are not there', async () => {
    const store = await door.open()
    await store.write('r1', (tx) => tx.insertSession(aSession()))
    const smuggled = { id: 'x', repoId: 'x', 'pid = 1; --': 1 } as object
    expect(await store.write('r1', (tx) => tx.updateSession('s1', smuggled))).toBe(true)
    expect(await store.read.sessionById('s1')).toEqual(aSession())
    expect(await store.write('r1', (tx) => tx.updateSession('nobody', { pid: 1 }))).toBe(false)
    expect(await store.write('r1', (tx) => tx.updateSession('nobody', {}))).toBe(false)
  })

  test('a session ends once, keeps its row, and can no longer be changed', async () => {
    const store = await door.open()
    await store.write('r1', (tx) => tx.insertSession(aSession()))
    const end = { endedAt: LATER, endReason: 'stop' }
    expect(await store.write('r1', (tx) => tx.endSession('s1', end))).toBe(true)
    expect(await store.write('r1', (tx) => tx.endSession('s1', { ...end, endReason: 'again' }))).toBe(false)
    expect(await store.write('r1', (tx) => tx.updateSession('s1', { pid: 1 }))).toBe(false)
    expect(await store.write('r1', (tx) => tx.updateSession('s1', {}))).toBe(false)
    expect(await store.read.sessionById('s1')).toEqual(aSession({ ...end, status: 'ended' }))
  })

  test('ending a session frees its claims and subscriptions, and nobody else’s', async () => {
    const store = await door.open()
    const full = await door.full()
    await store.write('r1', async (tx) => {
      await tx.insertSession(aSession())
      await tx.insertSession(aSession({ id: 's2', pid: 2 }))
    })
    for (const session_id of ['s1', 's2']) {
      await full.db
        .insertInto('file_claims')
        .values({ session_id, file_path: 'a.ts', repo_id: 'r1', claimed_at: T0 })
        .execute()
      await full.db.insertInto('subscriptions').values({ session_id, branch: 'b', created_at: T0 }).execute()
    }
    await store.write('r1', (tx) => tx.endSession('s1', { endedAt: LATER, endReason: 'stop' }))
    expect(await full.db.selectFrom('file_claims').select('session_id').execute()).toEqual([
      { session_id: 's2' },
    ])
    expect(await full.db.selectFrom('subscriptions').select('session_id').execute()).toEqual([
      { session_id: 's2' },
    ])
  })

  test('claims that expired and messages that were read are not counted', async () => {
    const store = await door.open()
    const full = await door.full()
    const claim = { session_id: 's1', repo_id: 'r1', claimed_at: T0 }
    await full.db
      .insertInto('file_claims')
      .values([
        { ...claim, file_path: 'for-ever' },
        { ...claim, file_path: 'later', expires_at: '2026-01-02T03:05:00.001Z' },
        { ...claim, file_path: 'now', expires_at: LATER },
      ])
      .execute()
    await full.db
      .insertInto('message_recipients')
      .values(
        ['queued', 'delivered', 'read', 'dead'].map((state, n) => ({
          message_id: `m${n}`,
          session_id: 's1',
          state,
        })),
      )
      .execute()
    expect(await store.countsOf(['s1', 'nobody'], LATER)).toEqual(
      new Map([
        ['s1', { claims: 2, unreadMessages: 2 }],
        ['nobody', { claims: 0, unreadMessages: 0 }],
      ]),
    )
    expect(await store.countsOf([], LATER)).toEqual(new Map())
  })

  test('work that throws leaves nothing behind, and its own error comes out', async () => {
    const store = await door.open()
    const mine = new Error('a rule says no')
    const failed = store.write('r1', async (tx) => {
      await tx.insertSession(aSession())
      throw mine
    })
    await expect(failed).rejects.toBe(mine)
    expect(await store.read.sessionById('s1')).toBeUndefined()
    expect(await store.write('r1', async () => 'usable')).toBe('usable')
  })

  test('a statement that fails is reported as STORE_FAILED and undoes the whole transaction', async () => {
    const store = await door.open()
    const failed = store.write('r1', async (tx) => {
      await tx.insertSession(aSession())
      await tx.insertSession(aSession())
    })
    await expect(failed).rejects.toMatchObject({ name: 'StoreError', code: 'STORE_FAILED' })
    expect(await store.read.sessionById('s1')).toBeUndefined()
  })

  test('writes and reads that are asked for together neither mix nor lose anything', async () => {
    const store = await door.open()
    await store.write('r1', (tx) => tx.insertSession(aSession({ pid: 0 })))
    const add = () =>
      store.write('r1', async (tx) => {
        const { pid } = (await tx.sessionById('s1'))!
        await tx.updateSession('s1', { pid: -1 })
        await tx.updateSession('s1', { pid: pid + 1 })
      })
    const seen: number[] = []
    const look = async () => void seen.push((await store.read.sessionById('s1'))!.pid)
    await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? add() : look())))
    expect((await store.read.sessionById('s1'))?.pid).toBe(10)
    expect(seen).not.toContain(-1)
  })

  test('a transaction without a repo waits for those of every repo, and they for it', async () => {
    const first = await door.open()
    const second = await door.open()
    const order: string[] = []
    const enter = (repoId: string | null) =>
      second.write(repoId, async (tx) => {
        order.push((await tx.sessionById('s1')) === undefined ? 'too early' : 'second in')
      })
    const waiting: Promise<void>[] = []
    await first.write(null, async (tx) => {
      waiting.push(enter('r1'))
      for (let n = 0; n < 50; n++) await tx.sessionById('s1')
      await tx.insertSession(aSession())
      order.push('first out')
    })
    await Promise.all(waiting)
    expect(order).toEqual(['first out', 'second in'])
  })

  test('can be closed twice, and says so when it is used afterwards', async () => {
    const store = await door.open()
    await store.close()
    await store.close()
    await expect(store.read.sessionById('s1')).rejects.toThrow(/closed|destroyed|not open/)
  })
})
