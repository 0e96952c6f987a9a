import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { sleeper } from '@pcc/test-kit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openHotCoordinator } from '../../src/hot-coordinator.js'
import { endingSession } from '../../src/use-cases/ending-session.js'
import { registerSession } from '../../src/use-cases/register-session.js'
import { bench } from '../open.js'

async function hot(env: Record<string, string>) {
  const deps = await openHotCoordinator({ env })
  onTestFinished(() => deps.close())
  return deps
}

/** A program that has started an agent: its child sleeps. */
async function programWithAgent(): Promise<{ program: ChildProcess; pid: number; agent: number }> {
  const source = `const { spawn } = require('node:child_process')
    const child = spawn('sleep', ['3600'], { stdio: 'ignore' })
    child.once('spawn', () => console.log(child.pid))`
  const program = spawn(process.execPath, ['-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const pid = program.pid as number
  onTestFinished(() => void process.kill(-pid, 'SIGKILL'))
  const [line] = (await once(program.stdout as NonNullable<typeof program.stdout>, 'data')) as [Buffer]
  return { program, pid, agent: Number(line) }
}

const ending = { agentSessionId: 'talk', processGoesOn: false }

describe('an agent that is about to end', () => {
  test('of a session that it registered itself is ended when it is gone', async () => {
    const { repo, env } = await bench()
    const deps = await hot(env)
    const agent = await sleeper()
    await registerSession(deps, { pid: agent.pid, directory: repo.root, agentSessionId: 'talk' })
    expect(await endingSession(deps, { ...ending, pid: agent.pid })).toMatchObject({
      outcome: 'end-when-gone',
      session: { pid: agent.pid },
      process: { pid: agent.pid },
    })
    expect(await endingSession(deps, { ...ending, pid: agent.pid, processGoesOn: true })).toEqual({
      outcome: 'nothing-to-do',
    })
  })

  test('is nobody’s when it has no session, or is gone', async () => {
    const { env } = await bench()
    const deps = await hot(env)
    const agent = await sleeper()
    expect(await endingSession(deps, { ...ending, pid: agent.pid })).toEqual({ outcome: 'nothing-to-do' })
    await agent.kill()
    expect(await endingSession(deps, { ...ending, pid: agent.pid })).toEqual({ outcome: 'nothing-to-do' })
  })

  test('is left to the launcher that waits for it, and to us when the launcher is gone', async () => {
    const { env, start } = await bench()
    const session = await start()
    const launched = { ...env, PARALLEL_CC_SESSION_ID: session.sessionId }
    const pid = session.process.pid
    // this very process launched it
    const waited = await hot({ ...launched, PARALLEL_CC_LAUNCHER_PID: String(process.pid) })
    expect(await endingSession(waited, { ...ending, pid })).toEqual({ outcome: 'nothing-to-do' })
    const gone = await sleeper()
    const alone = await hot({ ...launched, PARALLEL_CC_LAUNCHER_PID: String(gone.pid) })
    expect(await endingSession(alone, { ...ending, pid })).toMatchObject({ outcome: 'end-when-gone' })
    const another = await hot({
      ...launched,
      PARALLEL_CC_SESSION_ID: 'other',
      PARALLEL_CC_LAUNCHER_PID: String(process.pid),
    })
    expect(await endingSession(another, { ...ending, pid })).toMatchObject({ outcome: 'end-when-gone' })
  })
})

describe('an agent below a launched program', () => {
  test('gives the session back to that program, so that the next one can have it', async () => {
    const { repo, env, coordinator, start } = await bench()
    const { pid, agent } = await programWithAgent()
    const session = await start({ pid })
    const deps = await hot({
      ...env,
      PARALLEL_CC_SESSION_ID: session.sessionId,
      PARALLEL_CC_LAUNCHER_PID: String(process.pid),
    })
    const pidNow = async () =>
      (await coordinator.status({ directory: repo.root })).sessions.map((row) => row.pid)
    const join = () => registerSession(deps, { pid: agent, directory: repo.root, agentSessionId: 'talk' })

    expect(await join()).toMatchObject({ isNew: false, session: { id: session.sessionId } })
    expect(await pidNow()).toEqual([agent])
    expect(await endingSession(deps, { ...ending, pid: agent })).toEqual({ outcome: 'nothing-to-do' })
    expect(await pidNow()).toEqual([pid])
    expect(await join()).toMatchObject({ isNew: false, session: { id: session.sessionId } })
  })
})

describe('an agent below a registered shell', () => {
  test('leaves its session with each conversation, and joins it again with the next', async () => {
    const { repo, env, coordinator, start } = await bench()
    const { pid, agent } = await programWithAgent()
    const session = await start({ pid })
    const deps = await hot(env)
    const join = (agentSessionId: string) =>
      registerSession(deps, { pid: agent, directory: repo.root, agentSessionId })
    const joined = { isNew: false, others: [], session: { id: session.sessionId, pid } }

    expect(await join('talk')).toMatchObject(joined)
    // compaction reports the same conversation once more
    expect(await join('talk')).toMatchObject(joined)
    await endingSession(deps, { ...ending, pid: agent, processGoesOn: true })
    expect(await join('another')).toMatchObject(joined)
    await endingSession(deps, { agentSessionId: 'another', processGoesOn: false, pid: agent })
    expect(await join('third')).toMatchObject(joined)
    expect((await coordinator.status({ directory: repo.root })).totalSessions).toBe(1)
  })

  test('is a session of its own beside an agent that has joined, and takes nothing from it', async () => {
    const { repo, env, start } = await bench()
    const { pid, agent } = await programWithAgent()
    await start({ pid })
    const deps = await hot(env)
    await registerSession(deps, { pid, directory: repo.root, agentSessionId: 'talk' })
    const second = await registerSession(deps, { pid: agent, directory: repo.root, agentSessionId: 'more' })
    expect(second).toMatchObject({ isNew: true, session: { pid: agent } })
    expect(
      await endingSession(deps, { pid: agent, agentSessionId: 'more', processGoesOn: false }),
    ).toMatchObject({
      outcome: 'end-when-gone',
      session: { pid: agent },
    })
  })
})
