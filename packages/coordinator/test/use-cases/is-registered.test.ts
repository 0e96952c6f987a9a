import { sleeper } from '@pcc/test-kit'
import { expect, test } from 'vitest'
import { openHotCoordinator } from '../../src/hot-coordinator.js'
import { isRegistered } from '../../src/use-cases/is-registered.js'
import { mySession } from '../../src/use-cases/my-session.js'
import { registerSession } from '../../src/use-cases/register-session.js'
import { bench } from '../open.js'

async function hot(env: Record<string, string>) {
  return openHotCoordinator({ env })
}

test('a process is registered from when it was until it is gone', async () => {
  const { repo, env } = await bench()
  const deps = await hot(env)
  const agent = await sleeper()
  expect(await isRegistered(deps, agent)).toBe(false)
  await registerSession(deps, { pid: agent.pid, directory: repo.root, agentSessionId: 'a' })
  expect(await isRegistered(deps, agent)).toBe(true)
  await agent.kill()
  expect(await isRegistered(deps, agent)).toBe(false)
  await deps.close()
})

test('an agent below another agent is not yet registered; one that has joined a shell is', async () => {
  const { repo, env, coordinator } = await bench()
  const deps = await hot(env)
  const inner = await sleeper()
  // this process is above the agent: first as an agent, then as a shell
  await registerSession(deps, { pid: process.pid, directory: repo.root, agentSessionId: 'outer' })
  expect(await isRegistered(deps, inner)).toBe(false)
  const { sessions } = await coordinator.status({ directory: repo.root })
  await coordinator.endSession({
    session: sessions[0]?.sessionId as string,
    directory: repo.root,
    pid: process.pid,
    reason: 'done',
  })
  await coordinator.startSession({ directory: repo.root, ownerPid: process.pid, pid: process.pid })
  expect(await isRegistered(deps, inner)).toBe(false)
  await registerSession(deps, { pid: inner.pid, directory: repo.root, agentSessionId: 'inner' })
  expect(await isRegistered(deps, inner)).toBe(true)
  await deps.close()
})

test('a session sees itself, and how many there are', async () => {
  const { repo, env, start } = await bench()
  const [one] = [await start({ name: 'one' }), await start({ name: 'two' })]
  const deps = await hot(env)
  const ask = { pid: one.process.pid, directory: repo.root }
  expect(await mySession(deps, ask)).toMatchObject({
    sessionId: one.sessionId,
    name: 'one',
    worktreePath: repo.root,
    branch: 'main',
    parallelSessions: 2,
    claims: 0,
    unreadMessages: 0,
  })
  await deps.close()
})
