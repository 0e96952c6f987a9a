import type { SessionRecord } from '@pcc/store'
import { sleeper } from '@pcc/test-kit'
import { expect, test } from 'vitest'
import { isAlive } from '../src/liveness.js'
import { processKey, type Runtime, systemRuntime } from '../src/runtime.js'

const DAY = 86_400_000
const runtimeAt = (ms: number): Runtime => ({ ...systemRuntime(), now: () => new Date(ms).toISOString() })

function session(fields: Partial<SessionRecord>): SessionRecord {
  const started = new Date(Date.now()).toISOString()
  return {
    ...({} as SessionRecord),
    host: systemRuntime().host,
    endedAt: null,
    lastHeartbeat: started,
    ...fields,
  }
}

test('a session that was silent for a day is alive while its process lives', async () => {
  const agent = await sleeper()
  const key = processKey(systemRuntime(), agent.pid)
  const row = session({ pid: agent.pid, processStart: key?.processStart ?? null })
  expect(isAlive(runtimeAt(Date.now() + DAY), row)).toBe(true)
  await agent.kill()
  expect(isAlive(systemRuntime(), row)).toBe(false)
})

test('a process that took over the pid of a dead session is not the session', async () => {
  const agent = await sleeper()
  const key = processKey(systemRuntime(), agent.pid)
  const before = session({ pid: agent.pid, processStart: `${key?.processStart}0` })
  expect(isAlive(systemRuntime(), before)).toBe(false)
})

test('a session of another host lives as long as its heartbeat is fresh', () => {
  const row = session({ host: 'elsewhere', pid: process.pid, processStart: null })
  expect(isAlive(runtimeAt(Date.now() + 9 * 60_000), row)).toBe(true)
  expect(isAlive(runtimeAt(Date.now() + 11 * 60_000), row)).toBe(false)
  expect(isAlive(runtimeAt(Date.now() + 11 * 60_000), row, 30)).toBe(true)
})

test('the process of another user counts as alive', () => {
  // pid 1 is root's, and cannot be signalled by anybody else
  const key = processKey(systemRuntime(), 1)
  expect(isAlive(systemRuntime(), session({ pid: 1, processStart: key?.processStart ?? null }))).toBe(true)
})
