import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setProcessEnv, type TempRepo, tempDir, tempRepo } from '@pcc/test-kit'
import { expect, test } from 'vitest'
import { inspectTree } from '../src/inspect.js'
import { inspectTrees, type Look } from '../src/inspect-many.js'

function withTrees(count: number): { repo: TempRepo; paths: string[] } {
  const repo = tempRepo({ files: { 'a.txt': 'a\n', 'b.txt': 'b\n' } })
  setProcessEnv(repo.env)
  const paths = Array.from({ length: count }, (_, i) => {
    const path = join(repo.base, `tree ${i}=ü`)
    repo.git('worktree', 'add', '-q', '-b', `tree-${i}`, path)
    return path
  })
  return { repo, paths: [repo.root, ...paths] }
}

function oneByOne(paths: readonly string[]): Promise<Look[]> {
  return Promise.all(paths.map((path) => inspectTree(path).catch((error: Error) => error)))
}

test('many trees are seen as each of them is', async () => {
  const { repo, paths } = withTrees(11)
  writeFileSync(join(paths[1] as string, 'a.txt'), 'changed\n')
  writeFileSync(join(paths[2] as string, '# branch.oid'), 'a name that looks like the beginning of a report')
  writeFileSync(join(paths[2] as string, 'b\n# branch.oid x'), '')
  repo.git('-C', paths[3] as string, 'rm', '-q', '--cached', 'a.txt')
  repo.git('-C', paths[4] as string, 'checkout', '-q', '--detach')
  repo.git('-C', paths[5] as string, 'update-index', '--assume-unchanged', 'a.txt')
  writeFileSync(join(paths[5] as string, 'a.txt'), 'hidden\n')
  const looks = await inspectTrees(paths)
  expect(looks).toEqual(await oneByOne(paths))
  expect(looks[1]).toMatchObject({ unstaged: 1, branch: 'tree-0' })
  expect(looks[2]).toMatchObject({ untracked: 2 })
  expect(looks[3]).toMatchObject({ staged: 1 })
  expect(looks[4]).toMatchObject({ branch: null })
  expect(looks[5]).toMatchObject({ unstaged: 1 })
})

test('trees of different repositories, and one without a commit, are told apart', async () => {
  const one = withTrees(3)
  const other = tempRepo({ files: { 'z.txt': 'z\n' } })
  const empty = tempDir()
  other.git('init', '-q', empty)
  const paths = [...one.paths, other.root, empty, ...one.paths]
  const looks = await inspectTrees(paths)
  expect(looks).toEqual(await oneByOne(paths))
  expect(looks[5]).toMatchObject({ head: null })
})

test('a tree that is gone or broken gives its error, and the others are seen all the same', async () => {
  const { repo, paths } = withTrees(9)
  rmSync(paths[2] as string, { recursive: true })
  const gitDir = repo.git('-C', paths[5] as string, 'rev-parse', '--absolute-git-dir').trim()
  writeFileSync(join(gitDir, 'index'), 'no index')
  const looks = await inspectTrees(paths)
  expect(looks[2]).toMatchObject({ code: 'WORKTREE_MOVED' })
  expect(looks[5]).toMatchObject({ code: 'WORKTREE_GIT_FAILED' })
  expect(looks.filter((look) => look instanceof Error)).toHaveLength(2)
})

test('no trees need no look', async () => {
  expect(await inspectTrees([])).toEqual([])
})

test('a program that a repository names to watch its files is not started', async () => {
  const { repo, paths } = withTrees(5)
  const called = join(repo.base, 'called')
  const spy = join(repo.base, 'spy.sh')
  writeFileSync(spy, `#!/bin/sh\necho called >>'${called}'\n`, { mode: 0o755 })
  repo.git('config', 'core.fsmonitor', spy)
  const looks = await inspectTrees(paths)
  expect(looks.some((look) => look instanceof Error)).toBe(false)
  expect(existsSync(called)).toBe(false)
})
