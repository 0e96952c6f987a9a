import { setTimeout as wait } from 'node:timers/promises'
import { type PostgresServer, sleeper, startPostgres } from '@pcc/test-kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { killAt } from './fault-points.js'
import { type Installed, installed, type Ran, type RunOptions } from './program.js'

const SENDERS = 30
const LIMIT_MS = 300_000

let server: PostgresServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(async () => {
  await server.stop()
})

async function onServer(): Promise<Installed> {
  const it = installed()
  const env = { ...it.env, PARALLEL_CC_DATABASE_URL: await server.createDatabase() }
  const begin: Installed['begin'] = (args, given = {}) =>
    it.begin(args, { ...given, env: { ...env, ...given.env } })
  return { ...it, env, begin, run: (args, given) => begin(args, given).done }
}

interface Member {
  sessionId: string
  pid: number
}

async function join(it: Installed, name: string): Promise<Member> {
  const { pid } = await sleeper()
  const ran = await it.run(['start', '--no-launch', '--json', '--pid', String(pid), '--name', name])
  return { sessionId: ran.json<{ sessionId: string }>().sessionId, pid }
}

/** How a hook of this session's client is called. */
function hookOf(it: Installed, member: Member): RunOptions & { as: string } {
  return {
    as: 'parallel-cc-hook',
    env: { CLAUDE_PID: String(member.pid) },
    input: JSON.stringify({ session_id: 'c1', cwd: it.repo.root }),
  }
}

/** The words of the messages that a hook gave to the model, in order. */
function told(stdout: string): string[] {
  if (stdout === '') return []
  const { hookSpecificOutput } = JSON.parse(stdout) as { hookSpecificOutput: { additionalContext: string } }
  return [...hookSpecificOutput.additionalContext.matchAll(/^\| (\S+)/gm)].map((match) => match[1] as string)
}

interface Message {
  body: string
  state: string
  deliveredAt: string | null
}

async function inbox(it: Installed, member: Member, ...more: string[]): Promise<Message[]> {
  const ran = await it.run(['inbox', '--json', '--session', member.sessionId, ...more])
  return ran.json<{ messages: Message[] }>().messages
}

function succeeded(ran: readonly Ran[]): void {
  expect(ran.filter((one) => one.code !== 0 || one.stderr !== '')).toEqual([])
}

describe('a hook that is killed', () => {
  test('between marking and printing has lost nothing: the message is not told again, and is in the inbox', async () => {
    const it = installed()
    const [ann, bob] = [await join(it, 'ann'), await join(it, 'bob')]
    succeeded([
      await it.run(['send', '--session', 'ann', 'bob', 'first']),
      await it.run(['send', '--session', 'ann', 'bob', 'second']),
    ])
    const hook = hookOf(it, bob)
    const killed = await it.run(['UserPromptSubmit'], {
      ...hook,
      env: { ...hook.env, ...killAt('deliver:marked') },
    })
    expect(killed).toMatchObject({ signal: 'SIGKILL', stdout: '' })
    expect(await it.run(['UserPromptSubmit'], hook)).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect((await inbox(it, ann, '--sent')).map((one) => one.state)).toEqual(['delivered', 'delivered'])
    expect(await inbox(it, bob)).toMatchObject([{ body: 'first' }, { body: 'second' }])
    expect((await inbox(it, ann, '--sent')).map((one) => one.state)).toEqual(['read', 'read'])
    expect(await inbox(it, bob)).toEqual([])
  })

  test(
    'at any moment tells no message twice or out of order, and what it did not tell is in the inbox',
    async () => {
      const it = installed()
      const [ann, bob] = [await join(it, 'ann'), await join(it, 'bob')]
      const sent = Array.from({ length: 16 }, (_, n) => `m${n}`)
      for (const id of sent) {
        succeeded([await it.run(['send', '--session', 'ann', 'bob', `${id} ${'x'.repeat(4_000)}`])])
      }
      const started = performance.now()
      await it.run(['Stop'], { ...hookOf(it, { ...bob, pid: ann.pid }) })
      const usualMs = performance.now() - started

      const heard: string[] = []
      const outcomes = new Set<string>()
      for (let n = 0; n < 40; n++) {
        const hook = it.begin(['Stop'], hookOf(it, bob))
        // spread over the whole life of a hook, and a little beyond
        await wait((usualMs * ((n * 7) % 12)) / 10)
        hook.child.kill('SIGKILL')
        const ran = await hook.done
        // a reply that was not written whole is none to the client
        const whole = ran.stdout.endsWith('\n')
        outcomes.add(ran.signal === null ? 'ended' : 'killed')
        if (whole) heard.push(...told(ran.stdout))
      }
      expect(outcomes).toContain('killed')
      expect(heard).toEqual(sent.filter((id) => heard.includes(id)))
      const left = await inbox(it, bob, '--all')
      expect(left.map(({ body }) => body.split(' ')[0])).toEqual(sent)
      const queuedBefore = (await inbox(it, ann, '--sent')).filter((one) =>
        heard.includes(one.body.split(' ')[0] as string),
      )
      expect(queuedBefore.every((one) => one.deliveredAt !== null)).toBe(true)
    },
    LIMIT_MS,
  )
})

describe.each([
  ['SQLite', async () => installed()],
  ['PostgreSQL', onServer],
] as const)('on %s', (_name, open) => {
  test(
    `${SENDERS} processes write to one session while four hooks of it deliver: each message arrives once, in order`,
    async () => {
      const it = await open()
      const ann = await join(it, 'ann')
      const bob = await join(it, 'bob')
      const done = { sending: true }
      const sender = async (n: number): Promise<Ran[]> => {
        const send = (word: string) =>
          it.run(['send', '--session', 'ann', 'bob', `${word} ${'ü'.repeat(400)}`])
        return [await send(`s${n}-1`), await send(`s${n}-2`)]
      }
      const sending = Promise.all(Array.from({ length: SENDERS }, (_, n) => sender(n))).finally(() => {
        done.sending = false
      })
      const texts: string[][] = []
      const deliverer = async (event: string): Promise<void> => {
        for (let empty = false; done.sending || !empty; ) {
          const ran = await it.run([event], hookOf(it, bob))
          succeeded([ran])
          empty = ran.stdout === ''
          texts.push(told(ran.stdout))
        }
      }
      await Promise.all(['PostToolBatch', 'PostToolBatch', 'UserPromptSubmit', 'Stop'].map(deliverer))
      succeeded((await sending).flat())

      const order = (await inbox(it, ann, '--sent')).map((one) => one.body.split(' ')[0] as string)
      expect(order).toHaveLength(2 * SENDERS)
      const heard = texts.flat()
      expect(heard.toSorted()).toEqual(order.toSorted())
      for (let n = 0; n < SENDERS; n++) {
        expect(order.indexOf(`s${n}-1`)).toBeLessThan(order.indexOf(`s${n}-2`))
      }
      for (const text of texts) {
        const places = text.map((word) => order.indexOf(word))
        // a run of neighbours: nothing was passed over
        expect(places).toEqual(places.map((_, n) => (places[0] as number) + n))
      }
    },
    LIMIT_MS,
  )
})
