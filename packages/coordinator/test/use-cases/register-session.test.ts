import { join } from 'node:path'
import { sleeper, tempDir } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { openHotCoordinator } from '../../src/hot-coordinator.js'
import { registerSession } from '../../src/use-cases/register-session.js'
import { bench } from '../open.js'

async function hot(env: Record<string, string>) {
  const coordinator = await openHotCoordinator({ env })
  return coordinator
}

describe('a session that nobody started through us', () => {
  test('is registered by its process, in its tree, on its branch', async () => {
    const { repo, env, coordinator } = await bench()
    const agent = await sleeper()
    const deps = await hot(env)
    const result = await registerSession(deps, {
      pid: agent.pid,
      directory: repo.root,
      agentSessionId: 'conversation-1',
    })
    expect(result).toMatchObject({
      outcome: 'registered',
      isNew: true,
      others: [],
      session: { pid: agent.pid, worktreePath: repo.root, branch: 'main', isMainRepo: true, origin: 'hook' },
    })
    expect((await coordinator.status({ directory: repo.root })).sessions).toMatchObject([
      { pid: agent.pid, isAlive: true },
    ])
    await deps.close()
  })

  test('keeps its session when the conversation changes under the process', async () => {
    const { repo, env } = await bench()
    const agent = await sleeper()
    const deps = await hot(env)
    const ask = { pid: agent.pid, directory: repo.root }
    const first = await registerSession(deps, { ...ask, agentSessionId: 'one' })
    const second = await registerSession(deps, { ...ask, agentSessionId: 'two' })
    expect(second).toMatchObject({ outcome: 'registered', isNew: false, session: { agentSessionId: 'two' } })
    expect(
      first.outcome === 'registered' &&
        second.outcome === 'registered' &&
        first.session.id === second.session.id,
    ).toBe(true)
    await deps.close()
  })

  test('is told who else works here, the dead left out', async () => {
    const { repo, env, start } = await bench()
    const one = await start({ name: 'one' })
    const two = await start({ name: 'two' })
    await two.process.kill()
    const agent = await sleeper()
    const deps = await hot(env)
    const result = await registerSession(deps, { pid: agent.pid, directory: repo.root, agentSessionId: null })
    expect(result.outcome === 'registered' && result.others.map((row) => row.id)).toEqual([one.sessionId])
    await deps.close()
  })

  test('takes its title as its name, unless somebody has that name', async () => {
    const { repo, env } = await bench()
    const deps = await hot(env)
    const names: (string | null)[] = []
    for (let i = 0; i < 2; i++) {
      const agent = await sleeper()
      const ask = { pid: agent.pid, directory: repo.root, agentSessionId: null, title: 'backend' }
      const result = await registerSession(deps, ask)
      if (result.outcome === 'registered') names.push(result.session.name)
    }
    expect(names).toEqual(['backend', null])
    await deps.close()
  })

  test('outside a repository, or without a process, is nobody', async () => {
    const { repo, env } = await bench()
    const deps = await hot(env)
    const agent = await sleeper()
    expect(
      await registerSession(deps, { pid: agent.pid, directory: tempDir(), agentSessionId: null }),
    ).toEqual({
      outcome: 'outside',
    })
    await agent.kill()
    expect(
      await registerSession(deps, { pid: agent.pid, directory: repo.root, agentSessionId: null }),
    ).toEqual({
      outcome: 'no-process',
    })
    await deps.close()
  })
})

describe('a session that start launched', () => {
  test('is joined by its agent', async () => {
    const { repo, env, start, coordinator } = await bench()
    const session = await start()
    const deps = await hot({ ...env, PARALLEL_CC_SESSION_ID: session.sessionId })
    const ask = { pid: session.process.pid, directory: session.worktreePath, agentSessionId: 'c' }
    expect(await registerSession(deps, ask)).toMatchObject({
      isNew: false,
      session: { id: session.sessionId },
    })
    expect((await coordinator.status({ directory: repo.root })).totalSessions).toBe(1)
    await deps.close()
  })

  test('moves to the tree that its agent began in, at its first report and never again', async () => {
    const { repo, env, start, coordinator } = await bench()
    const session = await start()
    const tree = join(repo.root, '.claude', 'worktrees', 'mine')
    repo.git('worktree', 'add', '-q', '-b', 'worktree-mine', tree)
    const deps = await hot({ ...env, PARALLEL_CC_SESSION_ID: session.sessionId })
    const ask = { pid: session.process.pid, agentSessionId: 'c' }
    const moved = { worktreePath: tree, worktreeName: 'mine', branch: 'worktree-mine', isMainRepo: false }
    expect(await registerSession(deps, { ...ask, directory: tree })).toMatchObject({ session: moved })
    expect(await registerSession(deps, { ...ask, directory: repo.root })).toMatchObject({ session: moved })
    expect((await coordinator.status({ directory: repo.root })).sessions).toMatchObject([moved])
    await deps.close()
  })

  test('stays in the tree that was made for it, wherever its agent begins', async () => {
    const { repo, env, start } = await bench()
    const session = await start({ name: 'own', isolation: 'always' })
    const deps = await hot({ ...env, PARALLEL_CC_SESSION_ID: session.sessionId })
    const ask = { pid: session.process.pid, directory: repo.root, agentSessionId: 'c' }
    expect(await registerSession(deps, ask)).toMatchObject({
      session: { id: session.sessionId, worktreePath: session.worktreePath, isMainRepo: false },
    })
    await deps.close()
  })

  test('becomes the process of the agent when a launcher stood in for it; a further agent below is another session', async () => {
    const { repo, env, coordinator } = await bench()
    // this very process launches: the agents are its children
    const session = await coordinator.startSession({
      directory: repo.root,
      ownerPid: process.pid,
      pid: process.pid,
    })
    const agent = await sleeper()
    const nested = await sleeper()
    const deps = await hot({ ...env, PARALLEL_CC_SESSION_ID: session.sessionId })
    const ask = { directory: repo.root, agentSessionId: 'c' }
    expect(await registerSession(deps, { ...ask, pid: agent.pid })).toMatchObject({
      isNew: false,
      session: { id: session.sessionId, pid: agent.pid },
    })
    expect(await registerSession(deps, { ...ask, pid: nested.pid, agentSessionId: 'd' })).toMatchObject({
      isNew: true,
    })
    await deps.close()
  })
})
