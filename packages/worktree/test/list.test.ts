import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempRepo } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'
import { listWorktrees, openRepo, writeMarker } from '../src/index.js'
import { failure, prepared } from './creating.js'

describe('listWorktrees', () => {
  it('lists the main tree first, then linked, detached and locked ones, with our marker where it is', async () => {
    const repo = prepared()
    const head = repo.git('rev-parse', 'HEAD')
    repo.git('worktree', 'add', '-q', '-b', 'a/b', join(repo.base, 'one'))
    repo.git('worktree', 'add', '-q', '--detach', join(repo.base, 'two'))
    repo.git('worktree', 'lock', '--reason', 'in use\nhere', join(repo.base, 'two'))
    repo.git('worktree', 'add', '-q', '-b', 'three', join(repo.base, 'three'))
    repo.git('worktree', 'lock', join(repo.base, 'three'))
    const adminDir = (name: string): string => join(repo.root, '.git/worktrees', name)
    const marker = {
      version: 1 as const,
      id: 'x',
      path: join(repo.base, 'one'),
      branch: 'a/b',
      base: head,
      createdAt: '2026-01-01',
    }
    writeMarker(adminDir('one'), marker)
    const shared = {
      head,
      isMain: false,
      isBare: false,
      detached: false,
      locked: null,
      prunable: null,
      marker: null,
    }
    const entries = await listWorktrees(await openRepo(repo.root))
    expect(entries[0]).toEqual({
      ...shared,
      path: repo.root,
      branch: 'main',
      isMain: true,
      adminDir: join(repo.root, '.git'),
    })
    expect(entries.slice(1).toSorted((left, right) => left.path.localeCompare(right.path))).toEqual([
      { ...shared, path: join(repo.base, 'one'), branch: 'a/b', adminDir: adminDir('one'), marker },
      { ...shared, path: join(repo.base, 'three'), branch: 'three', locked: '', adminDir: adminDir('three') },
      {
        ...shared,
        path: join(repo.base, 'two'),
        branch: null,
        detached: true,
        locked: 'in use\nhere',
        adminDir: adminDir('two'),
      },
    ])
  })

  it('answers alike from every tree', async () => {
    const repo = prepared()
    const tree = join(repo.base, 'tree')
    repo.git('worktree', 'add', '-q', '-b', 'topic', tree)
    expect(await listWorktrees(await openRepo(tree))).toEqual(await listWorktrees(await openRepo(repo.root)))
  })

  it('tells the admin directory of trees with one folder name, moved ones and ones behind a link', async () => {
    const repo = prepared()
    symlinkSync(repo.base, join(repo.base, 'link'))
    mkdirSync(join(repo.base, 'x'))
    repo.git('worktree', 'add', '-q', '-b', 'one', join(repo.base, 'same'))
    repo.git('worktree', 'add', '-q', '-b', 'two', join(repo.base, 'x/same'))
    repo.git('worktree', 'add', '-q', '-b', 'three', join(repo.base, 'link/linked'))
    repo.git('worktree', 'move', join(repo.base, 'same'), join(repo.base, 'elsewhere'))
    const entries = await listWorktrees(await openRepo(repo.root))
    const admin = new Map(entries.map((entry) => [entry.branch, [entry.path, entry.adminDir]]))
    const worktrees = join(repo.root, '.git/worktrees')
    expect(admin.get('one')).toEqual([join(repo.base, 'elsewhere'), join(worktrees, 'same')])
    expect(admin.get('two')).toEqual([join(repo.base, 'x/same'), join(worktrees, 'same1')])
    expect(admin.get('three')?.[1]).toBe(join(worktrees, 'linked'))
  })

  it('tells two entries apart that name one path', async () => {
    const repo = prepared()
    const path = join(repo.base, 'tree')
    repo.git('worktree', 'add', '-q', '-b', 'one', path)
    repo.git('worktree', 'add', '-q', '-b', 'two', join(repo.base, 'other'))
    writeFileSync(join(repo.root, '.git/worktrees/other/gitdir'), `${path}/.git\n`)
    const entries = await listWorktrees(await openRepo(repo.root))
    expect(entries.map((entry) => [entry.branch, entry.path, entry.adminDir]).toSorted()).toEqual([
      ['main', repo.root, join(repo.root, '.git')],
      ['one', path, join(repo.root, '.git/worktrees/tree')],
      ['two', path, join(repo.root, '.git/worktrees/other')],
    ])
  })

  it('says why a tree whose folder is gone would be pruned', async () => {
    const repo = prepared()
    const tree = join(repo.base, 'tree')
    repo.git('worktree', 'add', '-q', '-b', 'topic', tree)
    renameSync(tree, join(repo.base, 'moved'))
    const [, entry] = await listWorktrees(await openRepo(repo.root))
    expect(entry).toMatchObject({ path: tree, adminDir: join(repo.root, '.git/worktrees/tree') })
    expect(entry?.prunable).toContain('non-existent')
  })

  it('knows a bare repository', async () => {
    const repo = prepared()
    const bare = join(repo.base, 'project.git')
    repo.git('clone', '-q', '--bare', repo.root, bare)
    repo.gitIn(bare, 'worktree', 'add', '-q', join(repo.base, 'tree'))
    const [main, tree] = await listWorktrees(await openRepo(bare))
    expect(main).toMatchObject({
      path: bare,
      isMain: true,
      isBare: true,
      head: null,
      branch: null,
      adminDir: bare,
    })
    expect(tree).toMatchObject({
      path: join(repo.base, 'tree'),
      isMain: false,
      isBare: false,
      branch: 'tree',
    })
  })

  it('names the working tree of a submodule, which git does not', async () => {
    const repo = prepared()
    const inner = tempRepo({ name: 'inner' })
    repo.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner.root, 'sub')
    const opened = await openRepo(join(repo.root, 'sub'))
    expect((await listWorktrees(opened))[0]).toMatchObject({
      path: join(repo.root, 'sub'),
      branch: 'main',
      isMain: true,
    })
    expect((await listWorktrees({ commonDir: opened.commonDir }))[0]?.path).toBe(opened.commonDir)
  })

  it('passes over a damaged entry, and does not take a damaged repository for one without trees', async () => {
    const repo = prepared()
    repo.git('worktree', 'add', '-q', '-b', 'topic', join(repo.base, 'tree'))
    mkdirSync(join(repo.root, '.git/worktrees/half'))
    const opened = await openRepo(repo.root)
    expect(await listWorktrees(opened)).toHaveLength(2)
    rmSync(join(repo.root, '.git/HEAD'))
    expect((await failure(listWorktrees(opened))).code).toBe('WORKTREE_GIT_FAILED')
  })
})
