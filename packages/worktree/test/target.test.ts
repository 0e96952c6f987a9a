import { join } from 'node:path'
import { setProcessEnv, type TempRepo, tempDir, tempRepo } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { defaultBranch } from '../src/target.js'

function repoOn(branch: string): TempRepo {
  const repo = tempRepo()
  setProcessEnv(repo.env)
  repo.git('branch', '-m', branch)
  return repo
}

/** A clone of a repository whose main branch is named so; its remote is called `remote`. */
function cloneOf(branch: string, remote = 'origin'): { repo: TempRepo; clone: string } {
  const repo = repoOn(branch)
  const clone = join(repo.base, 'clone')
  repo.git('clone', '-q', '-o', remote, repo.root, clone)
  return { repo, clone }
}

describe('defaultBranch', () => {
  test('takes the configured branch first, also one that does not exist', async () => {
    const repo = repoOn('main')
    repo.git('branch', 'release')
    const id = repo.git('rev-parse', 'HEAD')
    expect(await defaultBranch(repo.root, 'release')).toEqual({
      branch: 'release',
      refs: ['refs/heads/release'],
      ids: { 'refs/heads/release': id },
    })
    expect(await defaultBranch(repo.root, 'gone')).toEqual({ branch: 'gone', refs: [], ids: {} })
  })

  test('believes origin/HEAD before any usual name, and names the local branch and origin’s', async () => {
    const { repo, clone } = cloneOf('stable')
    repo.gitIn(clone, 'branch', 'main')
    const { branch, refs } = await defaultBranch(clone)
    expect(branch).toBe('stable')
    expect(refs).toEqual(['refs/heads/stable', 'refs/remotes/origin/stable'])
  })

  test('believes the HEAD of the only remote, whatever its name, but not one of two', async () => {
    const { repo, clone } = cloneOf('stable', 'team')
    expect(await defaultBranch(clone)).toMatchObject({
      branch: 'stable',
      refs: ['refs/heads/stable', 'refs/remotes/team/stable'],
    })
    repo.gitIn(clone, 'remote', 'add', 'other', repo.root)
    repo.gitIn(clone, 'fetch', '-q', 'other')
    repo.gitIn(clone, 'symbolic-ref', 'refs/remotes/other/HEAD', 'refs/remotes/other/stable')
    repo.gitIn(clone, 'branch', 'main')
    expect(await defaultBranch(clone)).toMatchObject({ branch: 'main', refs: ['refs/heads/main'] })
  })

  test('takes init.defaultBranch only if there is such a branch, then the usual names in order', async () => {
    const repo = repoOn('develop')
    repo.git('branch', 'master')
    repo.git('config', 'init.defaultBranch', 'absent')
    expect((await defaultBranch(repo.root)).branch).toBe('master')
    repo.git('config', 'init.defaultBranch', 'develop')
    expect((await defaultBranch(repo.root)).branch).toBe('develop')
  })

  test('falls back to the branch of the main worktree, also when asked from a linked one', async () => {
    const repo = repoOn('odd')
    const tree = join(repo.base, 'linked')
    repo.git('worktree', 'add', '-q', '-b', 'work', tree)
    expect(await defaultBranch(tree)).toMatchObject({ branch: 'odd', refs: ['refs/heads/odd'] })
  })

  test('adds the upstream that the local branch names, and no other remote’s branch of that name', async () => {
    const { repo, clone } = cloneOf('main')
    repo.gitIn(clone, 'remote', 'add', 'fork', repo.root)
    repo.gitIn(clone, 'fetch', '-q', 'fork')
    expect((await defaultBranch(clone)).refs).toEqual(['refs/heads/main', 'refs/remotes/origin/main'])
    repo.gitIn(clone, 'branch', '-q', '--set-upstream-to', 'fork/main')
    expect((await defaultBranch(clone)).refs).toEqual([
      'refs/heads/main',
      'refs/remotes/fork/main',
      'refs/remotes/origin/main',
    ])
  })

  test('shows origin’s branch when there is no local one', async () => {
    const { repo, clone } = cloneOf('main')
    repo.gitIn(clone, 'checkout', '-q', '--detach')
    repo.gitIn(clone, 'branch', '-q', '-D', 'main')
    expect(await defaultBranch(clone)).toMatchObject({ branch: 'main', refs: ['refs/remotes/origin/main'] })
  })

  test('knows no branch when HEAD is detached and no name is usual, and names an unborn one without refs', async () => {
    const repo = repoOn('odd')
    repo.git('checkout', '-q', '--detach')
    expect(await defaultBranch(repo.root)).toEqual({ branch: null, refs: [], ids: {} })
    const empty = tempRepo({ commit: false })
    expect(await defaultBranch(empty.root)).toEqual({ branch: 'main', refs: [], ids: {} })
  })

  test('fails outside a repository', async () => {
    setProcessEnv(tempRepo().env)
    await expect(defaultBranch(tempDir())).rejects.toMatchObject({ code: 'WORKTREE_GIT_FAILED' })
  })
})
