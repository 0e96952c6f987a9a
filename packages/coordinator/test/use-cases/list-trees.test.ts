import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempRepo } from '@pcc/test-kit'
import { expect, test } from 'vitest'
import { bench } from '../open.js'

test('each tree is told with its changes, its session and its distance from the target', async () => {
  const { repo, start, coordinator } = await bench({ files: { 'a.txt': 'a', 'b.txt': 'b' } })
  const main = await start()
  const work = await start({ name: 'work' })
  const idle = await start({ name: 'idle' })
  await idle.process.kill()
  repo.commit('mine', { 'mine.txt': 'mine' }, work.worktreePath)
  repo.commit('theirs', { 'theirs.txt': 'theirs' })
  writeFileSync(join(work.worktreePath, 'a.txt'), 'changed')
  writeFileSync(join(work.worktreePath, 'odd\nname'), 'x')
  chmodSync(join(work.worktreePath, 'b.txt'), 0o755)
  repo.gitIn(work.worktreePath, 'add', 'b.txt')

  const { worktrees } = await coordinator.listTrees({ directory: repo.root })
  expect(worktrees.find((tree) => tree.isMain)).toMatchObject({
    path: repo.root,
    branch: 'main',
    sessionId: main.sessionId,
    isAlive: true,
    staged: 0,
    unstaged: 0,
    untracked: 0,
  })
  expect(worktrees.find((tree) => tree.name === 'work')).toEqual({
    path: work.worktreePath,
    name: 'work',
    branch: 'work',
    head: repo.gitIn(work.worktreePath, 'rev-parse', 'HEAD'),
    isMain: false,
    sessionId: work.sessionId,
    isAlive: true,
    staged: 1,
    unstaged: 1,
    untracked: 1,
    ahead: 1,
    behind: 1,
    landed: { state: 'not-landed', method: null, reverted: false },
    locked: null,
    operation: null,
  })
  expect(worktrees.find((tree) => tree.name === 'idle')).toMatchObject({
    sessionId: idle.sessionId,
    isAlive: false,
    behind: 1,
    landed: { state: 'no-work', method: null },
  })
})

test('a squash-merged tree has landed', async () => {
  const { repo, start, coordinator } = await bench()
  await start()
  const work = await start({ name: 'work' })
  repo.commit('one', { 'x.txt': '1' }, work.worktreePath)
  repo.commit('two', { 'x.txt': '2' }, work.worktreePath)
  repo.git('merge', '-q', '--squash', 'work')
  repo.commit('squashed')
  const { worktrees } = await coordinator.listTrees({ directory: repo.root })
  expect(worktrees.find((tree) => tree.name === 'work')?.landed).toMatchObject({ state: 'landed' })
})

test('a tree whose folder is gone, a lock and an empty repository are told, not tripped over', async () => {
  const { repo, start, coordinator } = await bench()
  await start()
  const gone = await start({ name: 'gone' })
  const locked = await start({ name: 'locked' })
  rmSync(gone.worktreePath, { recursive: true })
  repo.git('worktree', 'lock', '--reason', 'on a stick', locked.worktreePath)
  const { worktrees } = await coordinator.listTrees({ directory: repo.root })
  expect(worktrees.find((tree) => tree.name === 'gone')).toMatchObject({ staged: 0, untracked: 0 })
  expect(worktrees.find((tree) => tree.name === 'locked')?.locked).toBe('on a stick')

  const empty = tempRepo({ commit: false })
  const alone = await coordinator.listTrees({ directory: empty.root })
  expect(alone.worktrees).toMatchObject([{ isMain: true, head: null, ahead: 0, behind: 0 }])
})

test('--disk adds what each tree takes, --all the trees of every repo', async () => {
  const { repo, start, coordinator } = await bench({ files: { 'big.bin': Buffer.alloc(1_000_000, 'x') } })
  const other = tempRepo({ name: 'other' })
  await start()
  await start({ directory: other.root })
  const one = await coordinator.listTrees({ directory: repo.root, disk: true })
  expect(one.worktrees[0]?.diskBytes).toBeGreaterThan(1_000_000)
  const all = await coordinator.listTrees({ directory: repo.base, all: true })
  expect(all.worktrees.map((tree) => tree.path).toSorted()).toEqual([other.root, repo.root].toSorted())
})
