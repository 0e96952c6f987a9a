import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setProcessEnv, sleeper, tempRepo } from '@pcc/test-kit'
import { expect, test } from 'vitest'
import type { HookIo } from '../src/hook-io.js'
import { main } from '../src/main.js'
import { readPayload } from '../src/payload.js'
import { sessionStartText } from '../src/reply.js'

function hookIo(fields: { client: number; payload: object; cwd?: string; home?: string }) {
  const repo = tempRepo()
  const env = {
    ...repo.env,
    PARALLEL_CC_HOME: fields.home ?? join(repo.home, '.parallel-cc'),
    CLAUDE_PID: String(fields.client),
  }
  setProcessEnv(env)
  const replies: string[] = []
  const refusals: string[] = []
  const continued: string[][] = []
  const io: HookIo = {
    env,
    cwd: fields.cwd ?? repo.root,
    parentPid: 1,
    input: JSON.stringify(fields.payload),
    reply: (text) => replies.push(text),
    refuse: (text) => refusals.push(text),
    nativeBinding: undefined,
    continueDetached: async (args) => {
      continued.push([...args])
    },
  }
  return { repo, io, replies, refusals, continued }
}

test('a session lives from SessionStart to the end of its process after SessionEnd', async () => {
  const client = await sleeper()
  const { io, replies, continued } = hookIo({ client: client.pid, payload: { session_id: 'c' } })
  expect(await main(io, ['SessionStart'])).toBe(0)
  expect(replies.join('')).toBe('')
  expect(await main({ ...io, input: '{"reason":"clear"}' }, ['SessionEnd'])).toBe(0)
  expect(continued).toEqual([])
  expect(await main({ ...io, input: '{"reason":"other"}' }, ['SessionEnd'])).toBe(0)
  expect(continued).toMatchObject([
    ['end-when-gone', expect.any(String), String(client.pid), expect.stringMatching(/:/)],
  ])
  await client.kill()
  expect(await main(io, continued[0] as string[])).toBe(0)
  // it has ended: a second end finds nobody to wait for
  continued.length = 0
  expect(await main({ ...io, input: '{"reason":"other"}' }, ['SessionEnd'])).toBe(0)
  expect(continued).toEqual([])
})

test('two in one checkout: the second is told of the first', async () => {
  const [one, two] = [await sleeper(), await sleeper()]
  const { io, replies } = hookIo({ client: one.pid, payload: { session_id: 'a', session_title: 'backend' } })
  await main(io, ['SessionStart'])
  await main({ ...io, env: { ...io.env, CLAUDE_PID: String(two.pid) } }, ['SessionStart'])
  const reply = JSON.parse(replies.join('')) as { hookSpecificOutput: { additionalContext: string } }
  expect(reply.hookSpecificOutput.additionalContext).toContain('- backend (session')
  expect(reply.hookSpecificOutput.additionalContext).toContain('THIS SAME tree')
})

test('a failure is one line in the log and no reply', async () => {
  const client = await sleeper()
  const { io, repo, replies } = hookIo({ client: client.pid, payload: {} })
  const home = join(repo.home, '.parallel-cc')
  await main(io, ['SessionStart'])
  writeFileSync(join(home, 'coordinator.db'), 'no database')
  expect(await main(io, ['SessionStart'])).toBe(0)
  expect(replies.join('')).toBe('')
  expect(readFileSync(join(home, 'logs/hooks.log'), 'utf8').trim().split('\n')).toHaveLength(1)
})

test('an unknown event is no event, whatever it is called', async () => {
  const { io, repo } = hookIo({ client: 1, payload: {} })
  for (const name of ['Nothing', 'toString', '']) expect(await main(io, [name])).toBe(1)
  expect(existsSync(join(repo.home, '.parallel-cc'))).toBe(false)
})

test('a payload is read field by field, and nothing else is believed', () => {
  expect(
    readPayload(
      '{"session_id":"s","cwd":"/x","source":"clear","reason":"other","session_title":"t","more":1}',
    ),
  ).toEqual({
    sessionId: 's',
    cwd: '/x',
    source: 'clear',
    reason: 'other',
    title: 't',
    name: undefined,
    worktreePath: undefined,
  })
  const none = {
    sessionId: undefined,
    cwd: undefined,
    source: undefined,
    reason: undefined,
    title: undefined,
    name: undefined,
    worktreePath: undefined,
  }
  for (const text of ['', 'null', '[]', '7', '{"session_id":7}']) expect(readPayload(text)).toEqual(none)
})

test('many sessions are told in few lines, and no name breaks its line', async () => {
  type Told = Parameters<typeof sessionStartText>[0]
  const session = { id: 's', worktreePath: '/r', isMainRepo: true, branch: 'main' } as Told['session']
  const others = Array.from({ length: 30 }, (_, index) => ({
    ...session,
    id: `o${index}`,
    name: 'a\nb\u001b[31m',
    worktreePath: `/w${index}`,
    startedAt: '2026-01-01T00:00:00.000Z',
  })) as Told['others']
  const text = sessionStartText({ outcome: 'registered', isNew: true, session, others }) ?? ''
  expect(text.split('\n')).toHaveLength(2 + 12 + 1 + 1)
  expect(text).toContain('and 18 more')
  expect(text).not.toContain('\u001b')
})
