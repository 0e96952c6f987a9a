import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { bench } from '../open.js'

describe('a tree for an agent that asks for one', () => {
  test('stands beside the repository, on a branch of its own, from the HEAD of the checkout', async () => {
    const { repo, coordinator } = await bench()
    const path = join(repo.base, 'repo-worktrees', 'login-form')
    expect(await coordinator.giveTree({ directory: repo.root, name: 'Login Form' })).toEqual({
      path,
      branch: 'login-form',
      isNew: true,
    })
    expect(repo.git('-C', path, 'rev-parse', 'HEAD')).toBe(repo.git('rev-parse', 'HEAD'))
    const { worktrees } = await coordinator.listTrees({ directory: repo.root })
    expect(worktrees.map((tree) => tree.path)).toEqual([repo.root, path])
  })

  test('is the one that was made under this name before, with the work in it, once its session has ended', async () => {
    const { repo, coordinator, start } = await bench()
    const first = await coordinator.giveTree({ directory: repo.root, name: 'work' })
    writeFileSync(join(first.path, 'new.txt'), 'unfinished')
    const session = await start({ directory: first.path, isolation: 'never' })
    expect(session.worktreePath).toBe(first.path)
    expect(await coordinator.giveTree({ directory: repo.root, name: 'work' })).toMatchObject({
      branch: 'work-2',
    })
    const end = { session: session.sessionId, directory: repo.root, pid: process.pid, reason: 'exited' }
    await coordinator.endSession(end)
    expect(await coordinator.giveTree({ directory: repo.root, name: 'work' })).toEqual({
      ...first,
      isNew: false,
    })
  })

  test('never uses a branch or a folder that somebody else made', async () => {
    const { repo, coordinator } = await bench()
    repo.git('branch', 'feature')
    const folder = join(repo.base, 'repo-worktrees', 'notes')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'mine.txt'), 'mine')
    repo.git('worktree', 'add', '-q', join(repo.base, 'elsewhere'), '-b', 'theirs')
    for (const name of ['feature', 'notes', 'theirs']) {
      expect(await coordinator.giveTree({ directory: repo.root, name })).toMatchObject({
        branch: `${name}-2`,
      })
    }
    expect(existsSync(join(folder, 'mine.txt'))).toBe(true)
  })

  test('has a name of its own when none is given, or none that can be one', async () => {
    const { repo, coordinator } = await bench()
    for (const name of [null, '', '///', '\u0000']) {
      const tree = await coordinator.giveTree({ directory: repo.root, name })
      expect(tree.branch).toMatch(/^parallel-[a-z0-9]+$/)
    }
  })

  test('four who ask for one name at once get four trees', async () => {
    const { repo, coordinator } = await bench()
    const asked = Array.from({ length: 4 }, () =>
      coordinator.giveTree({ directory: repo.root, name: 'agent' }),
    )
    const paths = (await Promise.all(asked)).map((tree) => tree.path)
    expect(new Set(paths).size).toBe(4)
  })

  test('a name with no room for a number gets another', async () => {
    const { repo, coordinator } = await bench()
    const name = 'x'.repeat(60)
    repo.git('branch', name)
    const tree = await coordinator.giveTree({ directory: repo.root, name })
    expect(tree.branch).toMatch(/^parallel-/)
  })

  test('is not made outside a repository, or before the first commit', async () => {
    const { coordinator } = await bench()
    await expect(coordinator.giveTree({ directory: tempDir(), name: 'x' })).rejects.toMatchObject({
      code: 'WORKTREE_NOT_A_REPO',
    })
    const empty = await bench({ commit: false })
    await expect(empty.coordinator.giveTree({ directory: empty.repo.root, name: 'x' })).rejects.toMatchObject(
      { code: 'WORKTREE_NO_COMMITS' },
    )
  })
})
