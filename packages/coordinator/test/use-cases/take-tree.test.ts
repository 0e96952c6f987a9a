import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '@pcc/test-kit'
import { expect, test } from 'vitest'
import { bench } from '../open.js'

test('a tree with nothing in it goes, and can come back', async () => {
  const { repo, coordinator } = await bench()
  const { path } = await coordinator.giveTree({ directory: repo.root, name: 'work' })
  expect(await coordinator.takeTree({ path })).toMatchObject({ action: 'removed', path })
  expect(existsSync(path)).toBe(false)
  expect(await coordinator.listRestorable({ directory: repo.root })).toHaveLength(1)
})

test('a tree with work in it stays, and so does one that a session works in', async () => {
  const { repo, coordinator, start } = await bench()
  const { path } = await coordinator.giveTree({ directory: repo.root, name: 'work' })
  writeFileSync(join(path, 'new.txt'), 'new')
  expect(await coordinator.takeTree({ path })).toMatchObject({ action: 'kept', reasons: ['untracked'] })
  const busy = await start({ isolation: 'always' })
  expect((await coordinator.takeTree({ path: busy.worktreePath }))?.reasons).toContain('live-session')
  expect(existsSync(path) && existsSync(busy.worktreePath)).toBe(true)
})

test('what is no linked tree of ours is left alone', async () => {
  const { repo, coordinator } = await bench()
  const theirs = join(repo.base, 'theirs')
  repo.git('worktree', 'add', '-q', theirs, '-b', 'theirs')
  expect(await coordinator.takeTree({ path: theirs })).toMatchObject({
    action: 'kept',
    reasons: ['not-ours'],
  })
  for (const path of [repo.root, tempDir(), join(repo.base, 'nothing')]) {
    expect(await coordinator.takeTree({ path })).toBeNull()
  }
})
