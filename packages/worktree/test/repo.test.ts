import { chmodSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setProcessEnv, tempDir, tempRepo } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'
import { WorktreeError } from '../src/errors.js'
import { locateRepo } from '../src/locate.js'
import { gitVersion, openRepo } from '../src/repo.js'

async function failure(promise: Promise<unknown>): Promise<WorktreeError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(WorktreeError)
  return error as WorktreeError
}

function fakeGit(script: string): string {
  const dir = tempDir('pcc-fake-git')
  writeFileSync(join(dir, 'git'), `#!/bin/sh\n${script}\n`)
  chmodSync(join(dir, 'git'), 0o755)
  return dir
}

describe('openRepo', () => {
  it('answers alike from the root, a sub-folder, a symbolic link and inside .git', async () => {
    const repo = tempRepo({ files: { 'deep/er/file': 'x' } })
    setProcessEnv(repo.env)
    const link = join(repo.base, 'link')
    symlinkSync(repo.root, link)
    const expected = {
      commonDir: join(repo.root, '.git'),
      gitDir: join(repo.root, '.git'),
      topLevel: repo.root,
      isMain: true,
      isBare: false,
      mainWorktree: repo.root,
      objectFormat: 'sha1',
      hasCommits: true,
    }
    for (const place of [
      repo.root,
      join(repo.root, 'deep/er'),
      link,
      join(link, 'deep'),
      join(repo.root, '.git', 'refs'),
    ]) {
      expect(await openRepo(place)).toEqual(expected)
    }
  })

  it('tells a linked worktree from the main one and finds the way back', async () => {
    const repo = tempRepo()
    setProcessEnv(repo.env)
    const tree = join(repo.base, 'linked')
    repo.git('worktree', 'add', '-q', '-b', 'topic', tree)
    mkdirSync(join(tree, 'sub'))
    const opened = await openRepo(join(tree, 'sub'))
    expect(opened).toMatchObject({
      commonDir: join(repo.root, '.git'),
      gitDir: join(repo.root, '.git', 'worktrees', 'linked'),
      topLevel: tree,
      isMain: false,
      isBare: false,
      mainWorktree: repo.root,
    })
    renameSync(repo.root, join(repo.base, 'elsewhere'))
    const gone = await failure(openRepo(tree))
    expect(gone.code).toBe('WORKTREE_NOT_A_REPO')
  })

  it('knows a bare repository and its worktrees', async () => {
    const repo = tempRepo()
    setProcessEnv(repo.env)
    const bare = join(repo.base, 'project.git')
    repo.git('clone', '-q', '--bare', repo.root, bare)
    const tree = join(repo.base, 'tree')
    repo.gitIn(bare, 'worktree', 'add', '-q', tree)
    const shared = { commonDir: bare, isBare: true, isMain: false, mainWorktree: null, hasCommits: true }
    expect(await openRepo(bare)).toMatchObject({ ...shared, gitDir: bare, topLevel: null })
    expect(await openRepo(tree)).toMatchObject({
      ...shared,
      gitDir: join(bare, 'worktrees', 'tree'),
      topLevel: tree,
    })
  })

  it('knows a submodule, and a linked worktree of a submodule', async () => {
    const repo = tempRepo()
    setProcessEnv(repo.env)
    const inner = tempRepo({ name: 'inner' })
    repo.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner.root, 'libs/inner')
    const main = join(repo.root, 'libs/inner')
    const commonDir = join(repo.root, '.git/modules/libs/inner')
    expect(await openRepo(main)).toMatchObject({
      commonDir,
      gitDir: commonDir,
      topLevel: main,
      isMain: true,
      mainWorktree: main,
    })
    const tree = join(repo.base, 'inner-tree')
    repo.gitIn(main, 'worktree', 'add', '-q', '-b', 'topic', tree)
    expect(await openRepo(tree)).toMatchObject({
      commonDir,
      topLevel: tree,
      isMain: false,
      isBare: false,
      mainWorktree: main,
    })
  })

  it('knows a repository whose git directory stands elsewhere', async () => {
    const base = tempRepo()
    setProcessEnv(base.env)
    const root = join(base.base, 'separate')
    const gitDir = join(base.base, 'kept.git')
    base.git('init', '-q', `--separate-git-dir=${gitDir}`, root)
    base.commit('first', { a: '1' }, root)
    expect(await openRepo(root)).toMatchObject({
      commonDir: gitDir,
      gitDir,
      topLevel: root,
      isMain: true,
      mainWorktree: root,
    })
    const tree = join(base.base, 'separate-tree')
    base.gitIn(root, 'worktree', 'add', '-q', tree)
    expect(await openRepo(tree)).toMatchObject({
      commonDir: gitDir,
      isMain: false,
      isBare: false,
      mainWorktree: null,
    })
  })

  it('does not listen to GIT_DIR and its like', async () => {
    const repo = tempRepo()
    const other = tempRepo({ name: 'other' })
    setProcessEnv({
      ...repo.env,
      GIT_DIR: join(other.root, '.git'),
      GIT_WORK_TREE: other.root,
      GIT_COMMON_DIR: join(other.root, '.git'),
      GIT_INDEX_FILE: '/nonexistent',
    })
    expect(await openRepo(repo.root)).toMatchObject({
      commonDir: join(repo.root, '.git'),
      topLevel: repo.root,
    })
  })

  it.each(['with space', 'new\nline', 'ünïcode-日本', 'quo\'te"s', 'sha1\nfalse', '-dash'])(
    'reads a path like %j right',
    async (name) => {
      const repo = tempRepo({ name })
      setProcessEnv(repo.env)
      const tree = join(repo.base, `${name}-tree`)
      repo.git('worktree', 'add', '-q', '-b', 'topic', tree)
      expect(await openRepo(repo.root)).toMatchObject({
        commonDir: join(repo.root, '.git'),
        mainWorktree: repo.root,
      })
      expect(await openRepo(tree)).toMatchObject({
        commonDir: join(repo.root, '.git'),
        topLevel: tree,
        mainWorktree: repo.root,
      })
    },
  )

  it('agrees with the lookup that starts no process', async () => {
    const repo = tempRepo()
    setProcessEnv(repo.env)
    const tree = join(repo.base, 'linked')
    repo.git('worktree', 'add', '-q', '-b', 'topic', tree)
    for (const place of [
      repo.root,
      tree,
      join(repo.root, '.git'),
      join(repo.root, '.git/worktrees/linked'),
    ]) {
      expect(await openRepo(place)).toMatchObject(locateRepo(place)!)
    }
  })

  it('says when there is no commit yet, and which object format is used', async () => {
    const repo = tempRepo({ commit: false })
    setProcessEnv(repo.env)
    expect(await openRepo(repo.root)).toMatchObject({ hasCommits: false, objectFormat: 'sha1' })
    const modern = join(repo.base, 'sha256')
    repo.git('init', '-q', '--object-format=sha256', modern)
    expect(await openRepo(modern)).toMatchObject({ hasCommits: false, objectFormat: 'sha256' })
    repo.commit('first', { a: '1' }, modern)
    expect(await openRepo(modern)).toMatchObject({ hasCommits: true, objectFormat: 'sha256' })
  })

  it('names the folder that is no repository, and one that is not there', async () => {
    const repo = tempRepo()
    setProcessEnv(repo.env)
    const outside = await failure(openRepo(repo.home))
    expect(outside.code).toBe('WORKTREE_NOT_A_REPO')
    expect(outside.message).toBe(`${repo.home} is not in a git repository`)
    expect(outside.hint).toContain('--repo')
    const missing = await failure(openRepo(join(repo.base, 'missing')))
    expect(missing.code).toBe('WORKTREE_NOT_A_REPO')
    expect(missing.message).toContain('is not a directory')
  })

  it("passes on git's refusal of a repository that another user owns", async () => {
    const repo = tempRepo()
    setProcessEnv({ ...repo.env, GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' })
    const refused = await failure(openRepo(repo.root))
    expect(refused.code).toBe('WORKTREE_REPO_REFUSED')
    expect(refused.hint).toContain('safe.directory')
    expect(refused.message).not.toContain('\n')
  })

  it('says what git says of a repository that it cannot read', async () => {
    const repo = tempRepo()
    setProcessEnv(repo.env)
    writeFileSync(join(repo.root, '.git/config'), '[broken')
    const broken = await failure(openRepo(repo.root))
    expect(broken.code).toBe('WORKTREE_GIT_FAILED')
    expect(broken.message).toContain('bad config')
  })

  it('says that git is missing', async () => {
    const repo = tempRepo()
    setProcessEnv({ ...repo.env, PATH: repo.home })
    expect((await failure(openRepo(repo.root))).code).toBe('WORKTREE_GIT_MISSING')
  })

  it('refuses a git that is too old, and one that tells no version', async () => {
    const repo = tempRepo()
    setProcessEnv({ ...repo.env, PATH: `${fakeGit('echo git version 2.37.9')}:${repo.env['PATH']}` })
    const old = await failure(openRepo(repo.root))
    expect(old.code).toBe('WORKTREE_GIT_TOO_OLD')
    expect(old.message).toContain('2.37.9')
    process.env['PATH'] = `${fakeGit('echo who knows')}:${repo.env['PATH']}`
    expect((await failure(openRepo(repo.root))).code).toBe('WORKTREE_GIT_FAILED')
  })

  it('starts at most two short git processes, and none for the version the second time', async () => {
    const repo = tempRepo()
    const log = join(repo.base, 'calls')
    const real = repo.git('--exec-path')
    setProcessEnv({
      ...repo.env,
      PATH: `${fakeGit(`echo "$*" >> '${log}'\nexec '${real}/git' "$@"`)}:${repo.env['PATH']}`,
    })
    await openRepo(repo.root)
    await openRepo(repo.root)
    const calls = readFileSync(log, 'utf8').trim().split('\n')
    expect(calls.filter((call) => call.includes('--version'))).toHaveLength(1)
    expect(calls).toHaveLength(3)
  })
})

describe('gitVersion', () => {
  it('is what git says', async () => {
    const repo = tempRepo()
    setProcessEnv(repo.env)
    const version = await gitVersion(repo.root)
    expect(repo.git('--version')).toBe(`git version ${version.text}`)
    expect(version.text.startsWith(`${version.major}.${version.minor}`)).toBe(true)
  })
})
