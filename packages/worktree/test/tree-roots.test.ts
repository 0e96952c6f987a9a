import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setProcessEnv, tempRepo } from '@pcc/test-kit'
import { expect, test } from 'vitest'
import { locateRepo, treeRoots } from '../src/locate.js'

test('the main tree comes first, then the linked ones that are there', () => {
  const repo = tempRepo()
  setProcessEnv(repo.env)
  const one = join(repo.base, 'one')
  const nested = join(repo.root, 'nested', 'two')
  const gone = join(repo.base, 'gone')
  for (const tree of [one, nested, gone]) repo.git('worktree', 'add', '-q', '--detach', tree)
  rmSync(gone, { recursive: true })
  const [main, ...linked] = treeRoots(join(repo.root, '.git'))
  expect(main).toBe(repo.root)
  expect(linked.toSorted()).toEqual([one, nested].toSorted())
})

test('a bare repository has linked trees alone', () => {
  const repo = tempRepo()
  setProcessEnv(repo.env)
  const bare = join(repo.base, 'bare.git')
  const tree = join(repo.base, 'tree')
  repo.git('clone', '-q', '--bare', repo.root, bare)
  expect(treeRoots(bare)).toEqual([])
  repo.gitIn(bare, 'worktree', 'add', '-q', '--detach', tree)
  expect(treeRoots(bare)).toEqual([tree])
})

test('a submodule’s tree is found from its git folder, which names it', () => {
  const repo = tempRepo()
  setProcessEnv(repo.env)
  const library = join(repo.base, 'library')
  mkdirSync(library)
  repo.gitIn(library, 'clone', '-q', repo.root, '.')
  repo.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library, 'sub')
  const { commonDir } = locateRepo(join(repo.root, 'sub'))!
  expect(treeRoots(commonDir)).toEqual([join(repo.root, 'sub')])
})
