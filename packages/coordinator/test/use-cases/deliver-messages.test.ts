import { startPostgres } from '@pcc/test-kit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openHotCoordinator } from '../../src/hot-coordinator.js'
import { deliverMessages } from '../../src/use-cases/deliver-messages.js'
import { post } from '../messaging.js'

/** The words of the messages in a delivery. */
function bodies(text: string | null): string[] {
  return [...(text ?? '').matchAll(/^\| (.*)$/gm)].map((match) => match[1] as string)
}

describe('delivery', () => {
  test('gives each message once, and then nothing', async () => {
    const it = await post()
    const [a, b] = [await it.start({ name: 'alpha' }), await it.start()]
    await it.send(a, b.sessionId, 'one')
    await it.send(a, b.sessionId, 'two')
    const first = await it.deliver(b)
    expect(first.count).toBe(2)
    expect(bodies(first.text)).toEqual(['one', 'two'])
    expect(first.text).toContain(`From session "alpha" (${a.sessionId})`)
    expect(await it.deliver(b)).toEqual({ text: null, count: 0 })
    expect(await it.fates(a)).toEqual(['delivered', 'delivered'])
  })

  test('goes on where it stopped after a restart, in order, until the queue is empty', async () => {
    const it = await post()
    const [a, b] = [await it.start(), await it.start()]
    const sent = Array.from({ length: 30 }, (_, n) => `m${n} ${'ü'.repeat(700)}`)
    for (const text of sent) await it.send(a, b.sessionId, text)
    const got: string[] = []
    for (let calls = 0; calls < 10; calls++) {
      const restarted = await openHotCoordinator({ env: it.env })
      const { text, count } = await deliverMessages(restarted, { sessionId: b.sessionId })
      await restarted.close()
      expect((text ?? '').length).toBeLessThanOrEqual(10_000)
      expect(bodies(text)).toHaveLength(count)
      got.push(...bodies(text))
      if (count === 0) break
    }
    expect(got).toEqual(sent)
  })

  test('a message that was cut stays unread, and is read whole', async () => {
    const it = await post()
    const [a, b] = [await it.start(), await it.start()]
    const long = '😀'.repeat(15_000)
    await it.send(a, b.sessionId, long)
    const { text } = await it.deliver(b)
    expect(text).toContain('cut here')
    expect(text!.length).toBeLessThanOrEqual(10_000)
    expect(await it.fates(a)).toEqual(['delivered'])
    expect(await it.read(b)).toMatchObject([{ body: long }])
  })

  test('takes any limit', async () => {
    const it = await post()
    const [a, b] = [await it.start(), await it.start()]
    for (let n = 0; n < 100; n++) await it.send(a, b.sessionId, `m${n} ${'x'.repeat(100)}`)
    const small = await it.deliver(b, 1_500)
    expect(small.text!.length).toBeLessThanOrEqual(1_500)
    const rest = await it.deliver(b, 50_000)
    expect(small.count + rest.count).toBe(100)
    expect(bodies(rest.text)[0]).toMatch(new RegExp(`^m${small.count} `))
  })

  test('of a session that there is not is nothing', async () => {
    const it = await post()
    expect(await deliverMessages(it.deps, { sessionId: 'nobody' })).toEqual({ text: null, count: 0 })
  })

  test('many that deliver for one session at once share the messages, none twice and none lost, on PostgreSQL as well', async () => {
    const server = await startPostgres()
    onTestFinished(() => server.stop())
    const it = await post({ env: { PARALLEL_CC_DATABASE_URL: await server.createDatabase() } })
    const [a, b] = [await it.start(), await it.start()]
    const sent = Array.from({ length: 24 }, (_, n) => `m${n} ${'x'.repeat(2_000)}`)
    for (const text of sent) await it.send(a, b.sessionId, text)
    const hooks = await Promise.all(Array.from({ length: 6 }, () => openHotCoordinator({ env: it.env })))
    const texts: string[] = []
    for (let round = 0; round < 3; round++) {
      const told = await Promise.all(hooks.map((deps) => deliverMessages(deps, { sessionId: b.sessionId })))
      texts.push(...told.flatMap(({ text }) => (text === null ? [] : [text])))
    }
    for (const deps of hooks) await deps.close()
    const got = texts.flatMap(bodies)
    expect(got.toSorted()).toEqual(sent.toSorted())
    for (const text of texts) {
      const numbers = bodies(text).map((body) => Number(/^m(\d+)/.exec(body)![1]))
      // a run of neighbours: nothing was passed over
      expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, n) => numbers[0]! + n))
    }
  })
})
