import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bench } from '../open.js'

test('the trees of dead sessions go if they hold nothing; those with work stay and say why', async () => {
  const { repo, start, coordinator } = await bench()
  await start()
  const idle = await start({ name: 'idle' })
  const busy = await start({ name: 'busy' })
  const live = await start({ name: 'live' })
  writeFileSync(join(busy.worktreePath, 'new.txt'), 'new')
  await Promise.all([idle.process.kill(), busy.process.kill()])

  const { worktrees, endedSessions } = await coordinator.cleanUp({ directory: repo.root })
  expect(endedSessions.map((row) => row.name).toSorted()).toEqual(['busy', 'idle'])
  const decision = (path: string) => worktrees.find((row) => row.path === path)
  expect(decision(idle.worktreePath)).toMatchObject({
    action: 'removed',
    rescueRef: expect.stringContaining('rescue') as string,
  })
  expect(decision(busy.worktreePath)).toMatchObject({ action: 'kept', reasons: ['untracked'] })
  expect(decision(live.worktreePath)).toMatchObject({ action: 'kept', reasons: ['live-session'] })
  expect(existsSync(idle.worktreePath)).toBe(false)
  expect(existsSync(join(busy.worktreePath, 'new.txt'))).toBe(true)
  expect(repo.git('branch', '--format=%(refname:short)').split('\n').toSorted()).toEqual([
    'busy',
    'live',
    'main',
  ])
})

test('a dry run decides the same and changes nothing', async () => {
  const { repo, start, coordinator } = await bench()
  await start()
  const idle = await start({ name: 'idle' })
  await idle.process.kill()
  const refs = repo.git('for-each-ref')
  const plan = await coordinator.cleanUp({ directory: repo.root, dryRun: true })
  expect(plan.worktrees).toMatchObject([{ action: 'removed', path: idle.worktreePath, rescueRef: null }])
  expect(existsSync(idle.worktreePath)).toBe(true)
  expect(repo.git('for-each-ref')).toBe(refs)
  expect((await coordinator.status({ directory: repo.root })).totalSessions).toBe(2)
})

test('each kind of loss needs its own word, and what is discarded comes back by restore', async () => {
  const { repo, start, coordinator } = await bench()
  await start()
  const work = await start({ name: 'work' })
  repo.commit('mine', { 'mine.txt': 'mine' }, work.worktreePath)
  writeFileSync(join(work.worktreePath, 'loose.txt'), 'loose')
  await work.process.kill()
  const directory = repo.root
  const first = await coordinator.cleanUp({ directory, discard: ['untracked'] })
  expect(first.worktrees).toMatchObject([{ action: 'kept', reasons: ['unlanded'] }])
  const second = await coordinator.cleanUp({ directory, discard: ['untracked', 'unlanded'] })
  expect(second.worktrees).toMatchObject([{ action: 'removed' }])
  expect(existsSync(work.worktreePath)).toBe(false)

  const [removal] = await coordinator.listRestorable({ directory })
  expect(removal).toMatchObject({ path: work.worktreePath, branch: 'work' })
  expect(await coordinator.restoreTree({ directory, id: removal?.id as string })).toMatchObject({
    path: work.worktreePath,
    branch: 'work',
  })
  expect(existsSync(join(work.worktreePath, 'loose.txt'))).toBe(true)
  expect(repo.gitIn(work.worktreePath, 'log', '-1', '--format=%s')).toBe('mine')
  expect(await coordinator.listRestorable({ directory })).toEqual([])
})

test('a tree that this tool did not make is left alone', async () => {
  const { repo, coordinator } = await bench()
  const mine = join(repo.base, 'mine')
  repo.git('worktree', 'add', '-q', '-b', 'mine', mine)
  const { worktrees } = await coordinator.cleanUp({
    directory: repo.root,
    discard: ['uncommitted', 'untracked', 'unlanded'],
  })
  expect(worktrees).toMatchObject([{ action: 'kept', path: mine, reasons: ['not-ours'] }])
  expect(existsSync(mine)).toBe(true)
})

test('the clean tree of a session that has been silent for a day but lives is not touched from another session', async () => {
  const { repo, start, coordinator } = await bench()
  await start()
  const old = await start({ name: 'old' })
  const { worktrees } = await coordinator.cleanUp({ directory: old.worktreePath })
  expect(worktrees).toMatchObject([{ action: 'kept', reasons: ['live-session'] }])
  expect(existsSync(old.worktreePath)).toBe(true)
  expect(repo.git('branch', '--list', 'old')).toContain('old')
})
