import { sleeper, tempDir, tempRepo } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { sendMessage } from '../../src/use-cases/send-message.js'
import { post } from '../messaging.js'

describe('recipients', () => {
  test('are found by id, by the beginning of an id and by name, and each is written to once', async () => {
    const it = await post()
    const a = await it.start({ name: 'alpha' })
    const b = await it.start({ name: 'beta' })
    const sent = await it.send(a, ['beta', b.sessionId, b.sessionId.slice(0, 6), 'beta'], 'hello')
    expect(sent).toEqual({
      id: expect.stringMatching(/^[a-z0-9]+$/),
      recipients: [{ sessionId: b.sessionId, name: 'beta', state: 'queued' }],
    })
    expect(await it.read(b)).toMatchObject([
      {
        id: sent.id,
        from: a.sessionId,
        fromName: 'alpha',
        to: b.sessionId,
        toName: 'beta',
        body: 'hello',
        kind: 'message',
      },
    ])
    expect(await it.read(b)).toEqual([])
  })

  test('all is every open session of the repo but the sender, the dead ones named as dead', async () => {
    const it = await post()
    const [a, b, c, d] = [
      await it.start(),
      await it.start({ name: 'b' }),
      await it.start({ name: 'c' }),
      await it.start({ name: 'd' }),
    ]
    await c.process.kill()
    await it.coordinator.endSession({
      session: d.sessionId,
      directory: it.repo.root,
      pid: 1,
      reason: 'stopped',
    })
    const elsewhere = tempRepo()
    const stranger = await it.start({ directory: elsewhere.root })
    const { recipients } = await it.send(a, 'all', 'hello')
    expect(recipients).toEqual([
      { sessionId: b.sessionId, name: 'b', state: 'queued' },
      { sessionId: c.sessionId, name: 'c', state: 'dead' },
    ])
    expect(await it.read(stranger)).toEqual([])
    expect(await it.fates(a)).toEqual(['queued', 'dead'])
  })

  test('all in a repo where nobody else is reaches nobody, and that is no error', async () => {
    const it = await post()
    const a = await it.start()
    expect((await it.send(a, 'all', 'hello')).recipients).toEqual([])
    const untouched = tempRepo()
    const ask = { directory: untouched.root, pid: 1, to: ['all'], text: 'x' }
    expect((await sendMessage(it.deps, ask)).recipients).toEqual([])
  })

  test('one that is unknown is named, and nothing is sent to the others', async () => {
    const it = await post()
    const [a, b] = [await it.start(), await it.start({ name: 'beta' })]
    await expect(it.send(a, ['beta', 'gamma'], 'hello')).rejects.toMatchObject({
      code: 'COORDINATOR_NO_SESSION',
      message: `no session 'gamma'`,
    })
    expect(await it.read(b)).toEqual([])
    expect(await it.fates(a)).toEqual([])
  })

  test('of two of one name the one that lives is meant; of two that live neither', async () => {
    const it = await post()
    const [a, dead] = [await it.start(), await it.start({ name: 'beta' })]
    await dead.process.kill()
    const alive = await it.start({ name: 'beta', isolation: 'never' })
    expect((await it.send(a, 'beta', 'hello')).recipients).toMatchObject([
      { sessionId: alive.sessionId, state: 'queued' },
    ])
    // two trees of one name in two repositories
    const [one, two] = [tempRepo(), tempRepo()]
    for (const repo of [one, two]) await it.start({ directory: repo.root, name: 'twin', isolation: 'never' })
    await expect(it.send(a, 'twin', 'hello')).rejects.toMatchObject({ code: 'COORDINATOR_AMBIGUOUS_SESSION' })
  })

  test('a session of another repository can be written to by its name', async () => {
    const it = await post()
    const a = await it.start()
    const far = await it.start({ directory: tempRepo().root, name: 'far' })
    expect((await it.send(a, 'far', 'hello')).recipients).toMatchObject([
      { sessionId: far.sessionId, state: 'queued' },
    ])
    expect(await it.read(far)).toMatchObject([{ body: 'hello', from: a.sessionId }])
  })
})

describe('the sender', () => {
  test('may be a person in no session, also where two sessions share the tree', async () => {
    const it = await post()
    const [b] = [await it.start({ name: 'beta' }), await it.start({ isolation: 'never' })]
    const ask = { pid: process.pid, to: ['beta'], text: 'hello' }
    await sendMessage(it.deps, { ...ask, directory: it.repo.root })
    await sendMessage(it.deps, { ...ask, directory: tempDir() })
    const messages = await it.read(b)
    expect(messages.map(({ from, kind }) => [from, kind])).toEqual([
      [null, 'message'],
      [null, 'message'],
    ])
  })

  test('may be named', async () => {
    const it = await post()
    const [a, b] = [await it.start({ name: 'alpha' }), await it.start()]
    await sendMessage(it.deps, {
      session: 'alpha',
      directory: it.repo.root,
      pid: 1,
      to: [b.sessionId],
      text: 'x',
    })
    expect(await it.read(b)).toMatchObject([{ from: a.sessionId }])
  })

  test('outside every repository cannot mean all', async () => {
    const it = await post()
    const ask = { directory: tempDir(), pid: process.pid, to: ['all'], text: 'x' }
    await expect(sendMessage(it.deps, ask)).rejects.toMatchObject({ code: 'WORKTREE_NOT_A_REPO' })
  })
})

describe('the text', () => {
  test.each([
    ['nothing', '', /empty/],
    ['only spaces', ' \n\t', /empty/],
    ['more than 64 KiB', 'x'.repeat(65_537), /65537 bytes, and at most 65536/],
    ['more than 64 KiB in fewer characters', '漢'.repeat(21_846), /65538 bytes/],
  ])('of %s is refused, and nothing is sent', async (_what, text, message) => {
    const it = await post()
    const [a, b] = [await it.start(), await it.start()]
    await expect(it.send(a, b.sessionId, text)).rejects.toMatchObject({ code: 'COORDINATOR_BAD_INPUT' })
    await expect(it.send(a, b.sessionId, text)).rejects.toThrow(message)
    expect(await it.read(b)).toEqual([])
  })

  test('of 64 KiB arrives whole, and what a database cannot keep is replaced', async () => {
    const it = await post()
    const [a, b] = [await it.start(), await it.start()]
    await it.send(a, b.sessionId, '漢'.repeat(21_845))
    await it.send(a, b.sessionId, 'a\0b\ud800c')
    expect((await it.read(b)).map((message) => message.body)).toEqual([
      '漢'.repeat(21_845),
      'a\ufffdb\ufffdc',
    ])
  })

  test('for nobody is refused', async () => {
    const it = await post()
    const a = await it.start()
    await expect(it.send(a, [], 'x')).rejects.toMatchObject({ code: 'COORDINATOR_BAD_INPUT' })
  })
})

describe('a recipient that is gone', () => {
  test('is told at once when its process is dead or its session has ended', async () => {
    const it = await post()
    const [a, b, c] = [await it.start(), await it.start(), await it.start()]
    await b.process.kill()
    await it.coordinator.endSession({
      session: c.sessionId,
      directory: it.repo.root,
      pid: 1,
      reason: 'stopped',
    })
    const { recipients } = await it.send(a, [b.sessionId, c.sessionId], 'hello')
    expect(recipients.map((one) => one.state)).toEqual(['dead', 'dead'])
    expect(await it.fates(a)).toEqual(['dead', 'dead'])
    // it was told: no notice on top of it
    expect((await it.deliver(a)).text).toBeNull()
  })

  test('when a session ends, each sender hears once what it did not get', async () => {
    const it = await post()
    const [a, c, b] = [await it.start({ name: 'alpha' }), await it.start(), await it.start({ name: 'beta' })]
    for (const text of ['one', 'two', 'three', 'four', 'fi\u001b[2Jve']) await it.send(a, 'beta', text)
    await it.send(c, 'beta', 'mine')
    await it.coordinator.endSession({ session: 'beta', directory: it.repo.root, pid: 1, reason: 'stopped' })
    expect(await it.fates(a)).toEqual(Array(5).fill('dead'))
    const heard = await it.deliver(a)
    expect(heard.count).toBe(1)
    expect(heard.text).toContain('From parallel-cc itself (undelivered)')
    expect(heard.text).toContain(`"beta" (${b.sessionId}) is gone and did not get 5 messages of yours`)
    expect(heard.text).toContain('"one"')
    expect(heard.text).toContain('and 2 more')
    expect((await it.deliver(c)).text).toContain('did not get a message of yours')
    expect((await it.deliver(a)).text).toBeNull()
    await it.coordinator.endSession({
      session: b.sessionId,
      directory: it.repo.root,
      pid: 1,
      reason: 'again',
    })
    expect((await it.deliver(a)).text).toBeNull()
  })

  test('what it was given before its end stays delivered, and nobody is told of it', async () => {
    const it = await post()
    const [a, b] = [await it.start(), await it.start()]
    await it.send(a, b.sessionId, 'given')
    await it.deliver(b)
    await it.coordinator.endSession({
      session: b.sessionId,
      directory: it.repo.root,
      pid: 1,
      reason: 'stopped',
    })
    expect(await it.fates(a)).toEqual(['delivered'])
    expect((await it.deliver(a)).text).toBeNull()
  })

  test('cleanup tells the sender when it ends a session that was killed', async () => {
    const it = await post()
    const [a, b] = [await it.start(), await it.start({ name: 'beta' })]
    await it.send(a, 'beta', 'hello')
    await b.process.kill()
    expect(await it.fates(a)).toEqual(['queued'])
    await it.coordinator.cleanUp({ directory: it.repo.root })
    expect(await it.fates(a)).toEqual(['dead'])
    expect((await it.deliver(a)).text).toContain('"beta"')
  })

  test('the next message to a session that was killed tells what it did not get, before anybody cleans up', async () => {
    const it = await post()
    const [a, c, b] = [await it.start(), await it.start(), await it.start({ name: 'beta' })]
    await it.send(c, 'beta', 'lost')
    await b.process.kill()
    expect((await it.send(a, 'beta', 'second')).recipients).toMatchObject([{ state: 'dead' }])
    expect((await it.deliver(c)).text).toContain('"lost"')
    expect((await it.deliver(a)).text).toBeNull()
    expect(await it.fates(c)).toEqual(['dead'])
  })

  test('a message that was left behind in an ended session is found by whoever sends next', async () => {
    const it = await post()
    const [a, c, b] = [await it.start(), await it.start(), await it.start()]
    await it.send(a, b.sessionId, 'left')
    // ended by something that knows no messages
    const repoId = (await it.deps.store.read.sessionById(b.sessionId))!.repoId
    await it.deps.store.write(repoId, (tx) =>
      tx.endSession(b.sessionId, { endedAt: it.deps.runtime.now(), endReason: 'x' }),
    )
    expect(await it.fates(a)).toEqual(['queued'])
    await it.send(c, 'all', 'hello')
    expect(await it.fates(a)).toEqual(['dead'])
    expect((await it.deliver(a)).text).toContain('"left"')
  })

  test('a sender that is gone as well, the tool and a message to oneself leave no notice behind', async () => {
    const it = await post()
    const [a, b] = [await it.start(), await it.start()]
    await it.send(a, b.sessionId, 'from one that goes')
    await it.send(b, b.sessionId, 'to myself')
    const someone = await sleeper()
    await sendMessage(it.deps, {
      directory: tempDir(),
      pid: someone.pid,
      to: [b.sessionId],
      text: 'from outside',
    })
    for (const gone of [a, b]) {
      await it.coordinator.endSession({
        session: gone.sessionId,
        directory: it.repo.root,
        pid: 1,
        reason: 'stopped',
      })
    }
    expect((await it.deps.store.read.inboxOf(b.sessionId)).map((one) => [one.kind, one.state])).toEqual(
      Array.from({ length: 3 }, () => ['message', 'dead']),
    )
    expect(await it.deps.store.read.inboxOf(a.sessionId)).toEqual([])
  })

  test('a session of another host that is only silent keeps what waits for it', async () => {
    const it = await post()
    const [a, b] = [await it.start(), await it.start()]
    await it.send(a, b.sessionId, 'waits')
    const { repoId } = (await it.deps.store.read.sessionById(b.sessionId))!
    const far = { host: 'elsewhere', lastHeartbeat: '2020-01-01T00:00:00.000Z' }
    await it.deps.store.write(repoId, (tx) => tx.updateSession(b.sessionId, far))
    expect((await it.send(a, b.sessionId, 'too late')).recipients).toMatchObject([{ state: 'dead' }])
    expect(await it.fates(a)).toEqual(['queued', 'dead'])
  })
})
