import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempRepo } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'
import { openRepo, worktreesDirOf } from '../src/index.js'
import { prepared } from './creating.js'

describe('worktreesDirOf', () => {
  it('is beside the main worktree, from every tree', async () => {
    const repo = prepared({ name: 'my repo.git' })
    const tree = join(repo.base, 'somewhere')
    repo.git('worktree', 'add', '-q', '-b', 'topic', tree)
    for (const place of [repo.root, tree]) {
      expect(worktreesDirOf(await openRepo(place))).toBe(join(repo.base, 'my repo.git-worktrees'))
    }
  })

  it('is beside a bare repository, and beside the project that hides one', async () => {
    const repo = prepared()
    for (const [bare, expected] of [
      ['project.git', 'project-worktrees'],
      ['plain', 'plain-worktrees'],
      ['shop/.bare', 'shop-worktrees'],
      ['mill/.git', 'mill-worktrees'],
    ] as const) {
      repo.git('clone', '-q', '--bare', repo.root, join(repo.base, bare))
      expect(worktreesDirOf(await openRepo(join(repo.base, bare)))).toBe(join(repo.base, expected))
    }
  })

  it('is beside the outermost superproject of a submodule', async () => {
    const repo = prepared()
    const middle = tempRepo({ name: 'middle' })
    const inner = tempRepo({ name: 'inner' })
    const add = ['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add']
    middle.git(...add, inner.root, 'Deep/Inner')
    middle.commit('submodule')
    repo.git(...add, middle.root, 'libs/middle')
    repo.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'update', '--init', '--recursive')
    const at = async (path: string): Promise<string> => worktreesDirOf(await openRepo(join(repo.root, path)))
    expect(await at('libs/middle')).toBe(join(repo.base, 'repo-libs-middle-worktrees'))
    expect(await at('libs/middle/Deep/Inner')).toBe(join(repo.base, 'repo-libs-middle-deep-inner-worktrees'))
  })

  it('takes a repository that merely lies in another one for itself', async () => {
    const repo = prepared()
    const vendored = join(repo.root, 'vendor')
    mkdirSync(vendored)
    repo.gitIn(vendored, 'init', '-q')
    expect(worktreesDirOf(await openRepo(vendored))).toBe(join(repo.root, 'vendor-worktrees'))
  })

  it('is where the configuration says, a relative one from the main worktree', async () => {
    const repo = prepared()
    const tree = join(repo.base, 'somewhere')
    repo.git('worktree', 'add', '-q', '-b', 'topic', tree)
    const opened = await openRepo(tree)
    expect(worktreesDirOf(opened, '/abs/olute')).toBe('/abs/olute')
    expect(worktreesDirOf(opened, '../trees')).toBe(join(repo.base, 'trees'))
    expect(worktreesDirOf(opened, '')).toBe(join(repo.base, 'repo-worktrees'))
  })

  it('is beside the git directory where the main worktree cannot be told', async () => {
    const repo = prepared()
    const gitDir = join(repo.base, 'kept.git')
    const root = join(repo.base, 'separate')
    repo.git('init', '-q', `--separate-git-dir=${gitDir}`, root)
    repo.commit('first', { a: '1' }, root)
    repo.gitIn(root, 'worktree', 'add', '-q', join(repo.base, 'tree'))
    writeFileSync(join(repo.base, 'tree', 'x'), '')
    expect(worktreesDirOf(await openRepo(root))).toBe(join(repo.base, 'separate-worktrees'))
    expect(worktreesDirOf(await openRepo(join(repo.base, 'tree')))).toBe(join(repo.base, 'kept-worktrees'))
  })
})
