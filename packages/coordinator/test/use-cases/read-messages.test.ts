import { tempDir } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { notify } from '../../src/steps/notify.js'
import { readMessages } from '../../src/use-cases/read-messages.js'
import { post } from '../messaging.js'

describe('the inbox', () => {
  test('shows what is unread in its order, marks it as read, and the sender sees that', async () => {
    const it = await post()
    const [a, b] = [await it.start(), await it.start()]
    await it.send(a, b.sessionId, 'one')
    await it.send(a, b.sessionId, 'two')
    await it.deliver(b)
    await it.send(a, b.sessionId, 'three')
    expect(await it.fates(a)).toEqual(['delivered', 'delivered', 'queued'])
    const messages = await it.read(b)
    expect(messages.map((message) => [message.body, message.state])).toEqual([
      ['one', 'read'],
      ['two', 'read'],
      ['three', 'read'],
    ])
    for (const message of messages) {
      expect(message.readAt).toMatch(/Z$/)
      expect(message.deliveredAt! <= message.readAt!).toBe(true)
    }
    expect(await it.read(a, { sent: true })).toEqual(messages)
    expect(await it.read(b)).toEqual([])
  })

  test('what was read there is not delivered by a hook afterwards', async () => {
    const it = await post()
    const [a, b] = [await it.start(), await it.start()]
    await it.send(a, b.sessionId, 'one')
    await it.read(b)
    expect(await it.deliver(b)).toEqual({ text: null, count: 0 })
  })

  test('shows what was read before when it is asked for', async () => {
    const it = await post()
    const [a, b] = [await it.start(), await it.start()]
    await it.send(a, b.sessionId, 'one')
    await it.read(b)
    await it.send(a, b.sessionId, 'two')
    expect((await it.read(b, { all: true })).map((message) => message.body)).toEqual(['one', 'two'])
    expect(await it.fates(a)).toEqual(['read', 'read'])
  })

  test('to look at what was sent marks nothing', async () => {
    const it = await post()
    const [a, b] = [await it.start(), await it.start()]
    await it.send(a, b.sessionId, 'one')
    await it.send(b, a.sessionId, 'back')
    await it.read(a, { sent: true })
    expect(await it.fates(b)).toEqual(['queued'])
    expect(
      (await it.coordinator.status({ directory: it.repo.root })).sessions.map((row) => row.unreadMessages),
    ).toEqual([1, 1])
  })

  test('of two that read at once one gets each message', async () => {
    const it = await post()
    const [a, b] = [await it.start(), await it.start()]
    for (let n = 0; n < 10; n++) await it.send(a, b.sessionId, `m${n}`)
    const both = await Promise.all([it.read(b), it.read(b), it.read(b)])
    expect(both.map((messages) => messages.length).toSorted((x, y) => x - y)).toEqual([0, 0, 10])
  })

  test('another’s is shown when it is named, and nobody’s is an error that says what to do', async () => {
    const it = await post()
    const [a, b] = [await it.start(), await it.start({ name: 'beta' })]
    await it.send(a, 'beta', 'one')
    expect(await it.read(a, { session: 'beta' })).toMatchObject([{ to: b.sessionId, body: 'one' }])
    await expect(readMessages(it.deps, { directory: tempDir(), pid: 1 })).rejects.toMatchObject({
      code: 'COORDINATOR_NO_SESSION',
      hint: expect.stringContaining('--session'),
    })
  })

  test('a notice of the tool comes from nobody', async () => {
    const it = await post()
    const a = await it.start()
    const { repoId } = (await it.deps.store.read.sessionById(a.sessionId))!
    const notice = {
      id: 'n1',
      repoId,
      toSessionId: a.sessionId,
      kind: 'claim_expired' as const,
      body: 'gone',
      now: it.deps.runtime.now(),
    }
    await it.deps.store.write(repoId, (tx) => notify(tx, notice))
    expect(await it.read(a)).toMatchObject([
      { id: 'n1', from: null, fromName: null, kind: 'claim_expired', body: 'gone' },
    ])
  })
})
