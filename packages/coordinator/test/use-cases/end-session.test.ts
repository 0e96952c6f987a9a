import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bench } from '../open.js'

async function twoSessions() {
  const it = await bench()
  await it.start()
  const session = await it.start({ name: 'work' })
  const stop = (keep = false) =>
    it.coordinator.endSession({
      session: session.sessionId,
      directory: it.repo.root,
      pid: process.pid,
      reason: 'stopped',
      keep,
    })
  return { ...it, session, stop }
}

test('a tree in which nothing was done goes with its session, and its branch too', async () => {
  const { session, stop, repo, coordinator } = await twoSessions()
  expect(await stop()).toMatchObject({
    outcome: 'ended',
    name: 'work',
    tree: { action: 'removed', path: session.worktreePath },
  })
  expect(existsSync(session.worktreePath)).toBe(false)
  expect(repo.git('branch', '--list', 'work')).toBe('')
  expect((await coordinator.status({ directory: repo.root })).totalSessions).toBe(1)
})

test('a tree with work in it stays, and the reason is told', async () => {
  const { session, stop, repo } = await twoSessions()
  repo.commit('work', { 'new.txt': 'new' }, session.worktreePath)
  writeFileSync(join(session.worktreePath, 'more.txt'), 'more')
  const result = await stop()
  expect(result).toMatchObject({ outcome: 'ended', tree: { action: 'kept' } })
  expect(result.outcome === 'ended' && result.tree.reasons.toSorted()).toEqual(['unlanded', 'untracked'])
  expect(existsSync(join(session.worktreePath, 'more.txt'))).toBe(true)
  expect(repo.git('branch', '--list', 'work')).toContain('work')
})

test('--keep keeps a tree that could go', async () => {
  const { session, stop } = await twoSessions()
  expect(await stop(true)).toMatchObject({ outcome: 'ended', tree: { action: 'kept', reasons: ['keep'] } })
  expect(existsSync(session.worktreePath)).toBe(true)
})

test('ending twice is harmless', async () => {
  const { stop } = await twoSessions()
  await stop()
  expect(await stop()).toMatchObject({ outcome: 'already-ended' })
})

test('the main checkout stays whatever happens', async () => {
  const { coordinator, start, repo } = await bench()
  const session = await start()
  const result = await coordinator.endSession({
    session: session.sessionId,
    directory: repo.root,
    pid: process.pid,
    reason: 'stopped',
  })
  expect(result).toMatchObject({ outcome: 'ended', tree: { action: 'kept', reasons: ['not-ours'] } })
  expect(existsSync(join(repo.root, 'README.md'))).toBe(true)
})

test('the session to end is found by name, by the beginning of its id, or by who asks', async () => {
  const { coordinator, start, repo } = await bench()
  const ask = { directory: repo.root, pid: 1, reason: 'stopped' }
  const named = await start({ name: 'one' })
  const prefixed = await start()
  const calling = await start()
  expect(await coordinator.endSession({ ...ask, session: 'one' })).toMatchObject({
    sessionId: named.sessionId,
  })
  const prefix = prefixed.sessionId.slice(0, 6)
  expect(await coordinator.endSession({ ...ask, session: prefix })).toMatchObject({
    sessionId: prefixed.sessionId,
  })
  expect(await coordinator.endSession({ ...ask, pid: calling.process.pid })).toMatchObject({
    sessionId: calling.sessionId,
  })
  await expect(coordinator.endSession({ ...ask, session: 'one' })).rejects.toThrow(/no session 'one'/)
})
