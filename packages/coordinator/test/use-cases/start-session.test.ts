import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { sleeper } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { bench } from '../open.js'

const code = (expected: string) => expect.objectContaining({ code: expected }) as Error

describe('who gets which tree', () => {
  test('the first live session has the checkout, each later one a linked tree', async () => {
    const { repo, start } = await bench()
    const first = await start()
    const second = await start()
    const third = await start()
    expect(first).toMatchObject({
      worktreePath: repo.root,
      isMainRepo: true,
      worktreeName: null,
      branch: 'main',
      isNew: true,
    })
    expect(second).toMatchObject({ isMainRepo: false, isNew: true, parallelSessions: 2 })
    expect(third.parallelSessions).toBe(3)
    expect(new Set([first, second, third].map((session) => session.worktreePath)).size).toBe(3)
    expect(second.worktreePath).toBe(join(repo.base, 'repo-worktrees', second.worktreeName as string))
    expect(second.branch).toBe(second.worktreeName)
    expect(second.branch).toMatch(/^parallel-[a-z0-9]+$/)
    expect(repo.gitIn(second.worktreePath, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe(second.branch)
    expect(second.base).toBe(repo.git('rev-parse', 'HEAD'))
  })

  test('a dead session does not keep the checkout', async () => {
    const { start } = await bench()
    const first = await start()
    await first.process.kill()
    expect((await start()).isMainRepo).toBe(true)
  })

  test('never stays in the checkout, always leaves it', async () => {
    const { start } = await bench()
    expect((await start({ isolation: 'always' })).isMainRepo).toBe(false)
    expect((await start({ isolation: 'never' })).isMainRepo).toBe(true)
    expect((await start({ isolation: 'never' })).isMainRepo).toBe(true)
  })

  test('the session that starts in a linked tree first has that tree', async () => {
    const { repo, start } = await bench()
    repo.git('worktree', 'add', '-q', '-b', 'mine', join(repo.base, 'mine'))
    const session = await start({ directory: join(repo.base, 'mine') })
    expect(session).toMatchObject({
      worktreePath: join(repo.base, 'mine'),
      worktreeName: 'mine',
      isMainRepo: false,
      branch: 'mine',
    })
  })

  test('the branch begins at --base, else at the HEAD of the checkout that is started in', async () => {
    const { repo, start } = await bench()
    const old = repo.git('rev-parse', 'HEAD')
    repo.commit('second', { 'b.txt': 'b' })
    const based = await start({ isolation: 'always', base: 'HEAD~1' })
    expect(based.base).toBe(old)
    expect(existsSync(join(based.worktreePath, 'b.txt'))).toBe(false)
    const linked = await start({ isolation: 'always', directory: based.worktreePath })
    expect(linked.base).toBe(old)
  })
})

describe('one process is one session', () => {
  test('starting again for a process returns the session that it is', async () => {
    const { coordinator, repo } = await bench()
    const { pid } = await sleeper()
    const ask = { directory: repo.root, ownerPid: process.pid, pid }
    const first = await coordinator.startSession(ask)
    const again = await coordinator.startSession({ ...ask, isolation: 'always', name: 'other' })
    expect(again).toMatchObject({ sessionId: first.sessionId, isNew: false, parallelSessions: 1 })
  })

  test('a process that starts twice at once becomes one session with one tree', async () => {
    const { coordinator, repo } = await bench()
    const { pid } = await sleeper()
    const ask = { directory: repo.root, ownerPid: process.pid, pid, isolation: 'always' as const }
    const both = await Promise.all([coordinator.startSession(ask), coordinator.startSession(ask)])
    expect(both[0].sessionId).toBe(both[1].sessionId)
    expect(both.filter((session) => session.isNew)).toHaveLength(1)
    expect(repo.git('worktree', 'list').split('\n')).toHaveLength(2)
  })

  test('a pid that is nobody’s is refused', async () => {
    const { coordinator, repo } = await bench()
    const dead = await sleeper()
    await dead.kill()
    const ask = { directory: repo.root, ownerPid: process.pid, pid: dead.pid }
    await expect(coordinator.startSession(ask)).rejects.toThrow(code('COORDINATOR_NO_PROCESS'))
  })
})

describe('names', () => {
  test('a name names session, tree and branch', async () => {
    const { start } = await bench()
    await start()
    const session = await start({ name: 'Backend Auth' })
    expect(session).toMatchObject({
      name: 'Backend Auth',
      branch: 'backend-auth',
      worktreeName: 'backend-auth',
    })
    expect(basename(session.worktreePath)).toBe('backend-auth')
  })

  test('a name that a living session has is refused and nothing is made', async () => {
    const { repo, start, coordinator } = await bench()
    await start({ name: 'auth' })
    await expect(start({ name: 'auth' })).rejects.toThrow(code('COORDINATOR_NAME_TAKEN'))
    expect((await coordinator.status({ directory: repo.root })).totalSessions).toBe(1)
    expect(repo.git('branch', '--list')).toBe('* main')
  })
})

describe('what cannot be', () => {
  test.each([
    ['a name with a line break', { name: 'a\nb' }, 'WORKTREE_BAD_NAME'],
    ['a name that begins with a dash', { name: '-x' }, 'WORKTREE_BAD_NAME'],
    ['a name without a letter', { name: '..' }, 'WORKTREE_BAD_NAME'],
    ['a name of 300 characters', { name: 'x'.repeat(300) }, 'WORKTREE_BAD_NAME'],
    ['an unknown base', { base: 'nowhere' }, 'WORKTREE_BAD_REF'],
    ['a base that looks like a flag', { base: '--all' }, 'WORKTREE_BAD_REF'],
    ['a branch that is there', { name: 'taken' }, 'WORKTREE_BRANCH_EXISTS'],
  ])('%s: no session, no tree, no branch', async (_name, input, expected) => {
    const { repo, start, coordinator } = await bench()
    repo.git('branch', 'taken')
    const branches = repo.git('branch', '--list')
    await expect(start({ isolation: 'always', ...input })).rejects.toThrow(code(expected))
    expect((await coordinator.status({ directory: repo.root })).totalSessions).toBe(0)
    expect(repo.git('branch', '--list')).toBe(branches)
    expect(existsSync(join(repo.base, 'repo-worktrees', 'taken'))).toBe(false)
  })

  test('an empty repository has a checkout to work in, and no tree to make', async () => {
    const { start, coordinator, repo } = await bench({ commit: false })
    expect(await start()).toMatchObject({ isMainRepo: true, base: null })
    await expect(start()).rejects.toThrow(code('WORKTREE_NO_COMMITS'))
    expect((await coordinator.status({ directory: repo.root })).totalSessions).toBe(1)
  })

  test('outside a repository there is no session', async () => {
    const { start, repo } = await bench()
    await expect(start({ directory: repo.base })).rejects.toThrow(code('WORKTREE_NOT_A_REPO'))
  })

  test('a checkout that fails half-way leaves no session, tree, branch or lock', async () => {
    const { start, coordinator, repo } = await bench()
    repo.git('config', 'filter.broken.smudge', 'false')
    repo.git('config', 'filter.broken.required', 'true')
    repo.git('config', 'filter.broken.clean', 'cat')
    repo.commit('filtered', { '.gitattributes': '*.bin filter=broken\n', 'a.bin': 'x' })
    await expect(start({ isolation: 'always', name: 'half' })).rejects.toThrow(code('WORKTREE_CREATE_FAILED'))
    expect((await coordinator.status({ directory: repo.root })).totalSessions).toBe(0)
    expect(repo.git('branch', '--list')).toBe('* main')
    expect(repo.git('worktree', 'list').split('\n')).toHaveLength(1)
    expect(existsSync(join(repo.base, 'repo-worktrees', 'half'))).toBe(false)
    const locks = readdirSync(join(repo.root, '.git'), { recursive: true }).filter((name) =>
      String(name).endsWith('.lock'),
    )
    expect(locks).toEqual([])
  })
})

test('twenty sessions that start at once get twenty trees, one of them the checkout', async () => {
  const { start, repo, coordinator } = await bench()
  const sessions = await Promise.all(Array.from({ length: 20 }, () => start()))
  expect(sessions.filter((session) => session.isMainRepo)).toHaveLength(1)
  expect(new Set(sessions.map((session) => session.worktreePath)).size).toBe(20)
  expect(new Set(sessions.map((session) => session.sessionId)).size).toBe(20)
  expect(repo.git('branch', '--list').split('\n')).toHaveLength(20)
  expect((await coordinator.status({ directory: repo.root })).totalSessions).toBe(20)
  expect(readFileSync(join(repo.root, 'README.md'), 'utf8')).toBe('hello\n')
})
