import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { tempRepo } from '@pcc/test-kit'
import { expect, test } from 'vitest'
import { bench } from '../open.js'

test('all trees and folders of a repo tell the same sessions', async () => {
  const { repo, start, coordinator } = await bench()
  await start({ name: 'one' })
  const second = await start({ name: 'two' })
  mkdirSync(join(repo.root, 'deep/er'), { recursive: true })
  symlinkSync(repo.root, join(repo.base, 'link'))
  const places = [
    repo.root,
    join(repo.root, 'deep/er'),
    second.worktreePath,
    join(repo.base, 'link'),
    join(repo.root, '.git'),
  ]
  for (const directory of places) {
    const result = await coordinator.status({ directory })
    expect(result.repoPath).toBe(repo.root)
    expect(result.sessions.map((session) => session.name)).toEqual(['one', 'two'])
  }
})

test('a session is told field by field', async () => {
  const { repo, start, coordinator } = await bench()
  const one = await start({ name: 'one' })
  const [row] = (await coordinator.status({ directory: repo.root })).sessions
  expect(row).toEqual({
    sessionId: one.sessionId,
    name: 'one',
    pid: one.process.pid,
    host: expect.any(String) as string,
    worktreePath: repo.root,
    worktreeName: null,
    branch: 'main',
    isMainRepo: true,
    startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
    lastHeartbeat: expect.stringMatching(/Z$/) as string,
    durationMinutes: 0,
    isAlive: true,
    executionMode: 'local',
    status: 'active',
    claims: 0,
    unreadMessages: 0,
  })
})

test('a dead session is listed as dead until it is cleaned up', async () => {
  const { repo, start, coordinator } = await bench()
  const one = await start()
  await one.process.kill()
  expect((await coordinator.status({ directory: repo.root })).sessions).toMatchObject([{ isAlive: false }])
  await coordinator.cleanUp({ directory: repo.root })
  expect((await coordinator.status({ directory: repo.root })).sessions).toEqual([])
})

test('the branch is the one that is checked out now', async () => {
  const { repo, start, coordinator } = await bench()
  await start()
  repo.git('switch', '-q', '-c', 'elsewhere')
  expect((await coordinator.status({ directory: repo.root })).sessions[0]?.branch).toBe('elsewhere')
})

test('--all shows every repo, --sandbox-only the sandboxes alone', async () => {
  const { repo, start, coordinator } = await bench()
  const other = tempRepo({ name: 'other' })
  await start()
  await start({ directory: other.root })
  const all = await coordinator.status({ directory: repo.base, all: true })
  expect(all).toMatchObject({ repoPath: null, totalSessions: 2 })
  expect((await coordinator.status({ directory: repo.root, sandboxOnly: true })).totalSessions).toBe(0)
})

test('a repo that nobody works in has no sessions; outside a repo there is an error', async () => {
  const { repo, coordinator } = await bench()
  expect(await coordinator.status({ directory: repo.root })).toEqual({
    repoPath: repo.root,
    totalSessions: 0,
    sessions: [],
  })
  await expect(coordinator.status({ directory: repo.base })).rejects.toThrow(/is not in a git repository/)
})
