import { describe, expect, test } from 'vitest'
import type { MessageRecord, MessageState, SessionStore } from '../src/records.js'
import { aSession, T0 } from './records.js'
import { doors } from './stores.js'

const LATER = '2026-01-02T03:05:00.000Z'
const LAST = '2026-01-02T03:06:00.000Z'

function aMessage(fields: Partial<MessageRecord> = {}): MessageRecord {
  return { id: 'm1', repoId: 'r1', fromSession: 'a', body: 'hello', kind: 'message', sentAt: T0, ...fields }
}

function send(store: SessionStore, message: MessageRecord, ...to: string[]): Promise<void> {
  const recipients = to.map((sessionId) => ({ sessionId, state: 'queued' as const }))
  return store.write(message.repoId, (tx) => tx.insertMessage(message, recipients))
}

async function states(store: SessionStore, sessionId: string): Promise<MessageState[]> {
  return (await store.read.inboxOf(sessionId)).map((one) => one.state)
}

describe.each(doors())('messages through $name', (door) => {
  test('a message comes back for each recipient exactly as it was sent, strange characters included', async () => {
    const store = await door.open()
    const message = aMessage({
      body: `it's "ünï\ncode" 🌳; drop table messages --`,
      fromSession: null,
      kind: 'run_finished',
    })
    await store.write('r1', (tx) =>
      tx.insertMessage(message, [
        { sessionId: 'b', state: 'queued' },
        { sessionId: 'c', state: 'dead' },
      ]),
    )
    const fresh = { ...message, position: expect.any(Number), deliveredAt: null, readAt: null }
    expect(await store.read.inboxOf('b')).toEqual([{ ...fresh, toSession: 'b', state: 'queued' }])
    expect(await store.read.inboxOf('c')).toEqual([{ ...fresh, toSession: 'c', state: 'dead' }])
    expect(await store.read.inboxOf('a')).toEqual([])
  })

  test('an inbox is in the order of sending, whatever the times and ids say', async () => {
    const store = await door.open()
    await send(store, aMessage({ id: 'z', sentAt: LAST }), 'b')
    await send(store, aMessage({ id: 'a', sentAt: T0 }), 'b', 'c')
    await send(store, aMessage({ id: 'm', sentAt: LATER }), 'b')
    const inbox = await store.read.inboxOf('b')
    expect(inbox.map((one) => one.id)).toEqual(['z', 'a', 'm'])
    expect(inbox.map((one) => one.position)).toEqual(
      inbox.map((one) => one.position).toSorted((x, y) => x - y),
    )
    expect((await store.read.sentBy('a')).map((one) => [one.id, one.toSession])).toEqual([
      ['z', 'b'],
      ['a', 'b'],
      ['a', 'c'],
      ['m', 'b'],
    ])
  })

  test('an inbox is asked for by states, and for its beginning', async () => {
    const store = await door.open()
    for (const id of ['m1', 'm2', 'm3', 'm4']) await send(store, aMessage({ id }), 'b')
    const [first, second] = await store.read.inboxOf('b')
    await store.write('r1', (tx) =>
      tx.markMessages('b', [first!.position], { state: 'delivered', at: LATER }),
    )
    await store.write('r1', (tx) => tx.markMessages('b', [second!.position], { state: 'read', at: LATER }))
    const ids = async (...ask: [MessageState[]?, number?]): Promise<string[]> =>
      (await store.read.inboxOf('b', ...ask)).map((one) => one.id)
    expect(await ids(['queued'])).toEqual(['m3', 'm4'])
    expect(await ids(['queued', 'delivered'])).toEqual(['m1', 'm3', 'm4'])
    expect(await ids(['queued', 'delivered'], 2)).toEqual(['m1', 'm3'])
    expect(await ids(undefined, 3)).toEqual(['m1', 'm2', 'm3'])
    expect(await ids([])).toEqual([])
  })

  test('a message goes from queued to delivered to read, each with its time, and never back', async () => {
    const store = await door.open()
    await send(store, aMessage(), 'b')
    const [{ position } = { position: 0 }] = await store.read.inboxOf('b')
    const mark = (state: 'delivered' | 'read' | 'dead', at: string): Promise<number> =>
      store.write('r1', (tx) => tx.markMessages('b', [position], { state, at }))
    expect(await mark('delivered', T0)).toBe(1)
    expect(await mark('delivered', LATER)).toBe(0)
    expect(await mark('dead', LATER)).toBe(0)
    expect(await store.read.inboxOf('b')).toMatchObject([
      { state: 'delivered', deliveredAt: T0, readAt: null },
    ])
    expect(await mark('read', LATER)).toBe(1)
    expect(await mark('read', LAST)).toBe(0)
    expect(await mark('delivered', LAST)).toBe(0)
    expect(await store.read.inboxOf('b')).toMatchObject([{ state: 'read', deliveredAt: T0, readAt: LATER }])
  })

  test('what is read before it was delivered has been delivered then, and what is dead stays dead', async () => {
    const store = await door.open()
    await send(store, aMessage(), 'b')
    await send(store, aMessage({ id: 'm2' }), 'b')
    const [first, second] = (await store.read.inboxOf('b')).map((one) => one.position)
    const mark = (position: number, state: 'delivered' | 'read' | 'dead'): Promise<number> =>
      store.write('r1', (tx) => tx.markMessages('b', [position], { state, at: LATER }))
    expect(await mark(first!, 'read')).toBe(1)
    expect(await mark(second!, 'dead')).toBe(1)
    for (const state of ['delivered', 'read', 'dead'] as const) expect(await mark(second!, state)).toBe(0)
    expect(await store.read.inboxOf('b')).toMatchObject([
      { state: 'read', deliveredAt: LATER, readAt: LATER },
      { state: 'dead', deliveredAt: null, readAt: null },
    ])
  })

  test('only the messages of that inbox move, any number of them at once', async () => {
    const store = await door.open()
    await store.write('r1', async (tx) => {
      for (let n = 0; n < 1_100; n++) {
        await tx.insertMessage(aMessage({ id: `m${n}` }), [
          { sessionId: 'b', state: 'queued' },
          { sessionId: 'c', state: 'queued' },
        ])
      }
    })
    const all = [...(await store.read.inboxOf('b')), ...(await store.read.inboxOf('c'))]
    const positions = all.map((one) => one.position)
    const moved = await store.write('r1', (tx) =>
      tx.markMessages('b', positions, { state: 'read', at: LATER }),
    )
    expect(moved).toBe(1_100)
    expect(new Set(await states(store, 'b'))).toEqual(new Set(['read']))
    expect(new Set(await states(store, 'c'))).toEqual(new Set(['queued']))
    expect(await store.write('r1', (tx) => tx.markMessages('b', [], { state: 'read', at: LATER }))).toBe(0)
  })

  test('a message for many hundred sessions reaches each, and one for nobody is kept all the same', async () => {
    const store = await door.open()
    const to = Array.from({ length: 1_100 }, (_, n) => `s${n}`)
    await send(store, aMessage(), ...to)
    await send(store, aMessage({ id: 'm2' }))
    expect((await store.read.sentBy('a')).map((one) => one.toSession)).toEqual(to)
  })

  test('what is queued for sessions of a repo that have ended can be found', async () => {
    const store = await door.open()
    await store.write('r1', async (tx) => {
      await tx.insertSession(aSession({ id: 'b', pid: 2 }))
      await tx.insertSession(aSession({ id: 'c', pid: 3 }))
      await tx.insertSession(aSession({ id: 'd', pid: 4, repoId: 'r2' }))
    })
    await send(store, aMessage(), 'b', 'c', 'd')
    await send(store, aMessage({ id: 'm2' }), 'b')
    expect(await store.read.undeliverable('r1')).toEqual([])
    await store.write('r1', async (tx) => {
      const [first] = await tx.inboxOf('b')
      await tx.markMessages('b', [first!.position], { state: 'delivered', at: LATER })
      for (const id of ['b', 'd']) await tx.endSession(id, { endedAt: LATER, endReason: 'stopped' })
    })
    expect(await store.read.undeliverable('r1')).toMatchObject([{ id: 'm2', toSession: 'b' }])
    expect(await store.read.undeliverable('r2')).toMatchObject([{ id: 'm1', toSession: 'd' }])
  })

  test('a message and its recipients are there together or not at all', async () => {
    const store = await door.open()
    await expect(send(store, aMessage(), 'b', 'b')).rejects.toMatchObject({ code: 'STORE_FAILED' })
    expect(await store.read.inboxOf('b')).toEqual([])
    await send(store, aMessage(), 'b')
    expect(await states(store, 'b')).toEqual(['queued'])
  })

  test('nobody sees a message before the ones with lower positions, though many write at once from several repos', async () => {
    const reader = await door.open()
    const writers = await Promise.all(Array.from({ length: 6 }, () => door.open()))
    const EACH = 12
    const state = { done: false }
    const writing = Promise.all(
      writers.map(async (store, w) => {
        for (let n = 0; n < EACH; n++) {
          await store.write(`r${w}`, async (tx) => {
            const message = aMessage({ id: `w${w}-${n}`, repoId: `r${w}`, fromSession: `w${w}` })
            await tx.insertMessage(message, [{ sessionId: 'b', state: 'queued' }])
            // others get the chance to commit a later number first
            for (let turn = 0; turn < w; turn++) await tx.sessionById('nobody')
          })
        }
      }),
    ).finally(() => {
      state.done = true
    })
    let seen: string[] = []
    while (!state.done) {
      const ids = (await reader.read.inboxOf('b')).map((one) => one.id)
      expect(ids.slice(0, seen.length)).toEqual(seen)
      seen = ids
      await new Promise((resolve) => setImmediate(resolve))
    }
    await writing
    const all = (await reader.read.inboxOf('b')).map((one) => one.id)
    expect(all).toHaveLength(writers.length * EACH)
    expect(all.slice(0, seen.length)).toEqual(seen)
    for (const [w] of writers.entries()) {
      const own = all.filter((id) => id.startsWith(`w${w}-`))
      expect(own).toEqual(Array.from({ length: EACH }, (_, n) => `w${w}-${n}`))
    }
  })
})
