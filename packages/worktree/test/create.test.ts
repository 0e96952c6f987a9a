import { execFile } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { bundleFixture, setProcessEnv, tempRepo } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'
import {
  createWorktree,
  listWorktrees,
  openRepo,
  planCreate,
  readMarker,
  type WorktreeError,
} from '../src/index.js'
import { reservationFile, reserve } from '../src/reservations.js'
import { failure, NOW, plan, prepared, program, request, run, strayLocks, traces } from './creating.js'

describe('createWorktree', () => {
  it('makes a branch and a tree at the base, marks it and leaves no journal', async () => {
    const repo = prepared({ files: { 'a/b': '1\n' } })
    const base = repo.git('rev-parse', 'HEAD')
    const planned = await plan(repo, 'topic')
    expect(JSON.parse(JSON.stringify(planned))).toEqual(planned)
    const made = await createWorktree(planned)
    const path = join(repo.base, 'repo-worktrees', 'topic')
    expect(made).toEqual({ path, branch: 'topic', base, adminDir: join(repo.root, '.git/worktrees/topic') })
    expect(readFileSync(join(path, 'a/b'), 'utf8')).toBe('1\n')
    expect(repo.gitIn(path, 'status', '--porcelain')).toBe('')
    expect(repo.gitIn(path, 'symbolic-ref', 'HEAD')).toBe('refs/heads/topic')
    expect(repo.git('rev-parse', 'topic')).toBe(base)
    expect(repo.git('config', '--list')).not.toContain('branch.topic')
    expect(readMarker(made.adminDir)).toEqual({
      version: 1,
      id: 'id-topic',
      path,
      branch: 'topic',
      base,
      createdAt: NOW,
    })
    expect(readdirSync(join(repo.root, '.git/parallel-cc/creations'))).toEqual([])
    expect(strayLocks(join(repo.root, '.git'))).toEqual([])
  })

  it('begins at the asked commit, whatever HEAD is', async () => {
    const repo = prepared()
    const base = repo.git('rev-parse', 'HEAD')
    repo.commit('second', { later: 'x' })
    const made = await createWorktree(await plan(repo, 'topic', { base }))
    expect(repo.gitIn(made.path, 'rev-parse', 'HEAD')).toBe(base)
    expect(existsSync(join(made.path, 'later'))).toBe(false)
  })

  it('puts the tree where the configuration says', async () => {
    const repo = prepared()
    const made = await createWorktree(await plan(repo, 'topic', { worktreesDir: '../else/where' }))
    expect(made.path).toBe(join(repo.base, 'else/where/topic'))
  })

  it('works from a linked worktree, a sub-folder and a bare repository alike', async () => {
    const repo = prepared()
    const first = await createWorktree(await plan(repo, 'first'))
    mkdirSync(join(first.path, 'sub'))
    const base = repo.git('rev-parse', 'HEAD')
    const second = await createWorktree(
      await planCreate(await request(join(first.path, 'sub'), 'second', { base })),
    )
    expect(second.path).toBe(join(repo.base, 'repo-worktrees/second'))
    const bare = join(repo.base, 'project.git')
    repo.git('clone', '-q', '--bare', repo.root, bare)
    const third = await createWorktree(await planCreate(await request(bare, 'third', { base })))
    expect(third.path).toBe(join(repo.base, 'project-worktrees/third'))
    const fourth = await createWorktree(await planCreate(await request(third.path, 'fourth', { base })))
    expect(fourth.path).toBe(join(repo.base, 'project-worktrees/fourth'))
  })

  it('works in a submodule, beside the outermost superproject', async () => {
    const repo = prepared()
    const inner = tempRepo({ name: 'inner' })
    repo.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner.root, 'libs/inner')
    const base = inner.git('rev-parse', 'HEAD')
    const made = await createWorktree(
      await planCreate(await request(join(repo.root, 'libs/inner'), 'topic', { base })),
    )
    expect(made.path).toBe(join(repo.base, 'repo-libs-inner-worktrees/topic'))
    const again = await createWorktree(await planCreate(await request(made.path, 'again', { base })))
    expect(again.path).toBe(join(repo.base, 'repo-libs-inner-worktrees/again'))
  })

  it.each(['with space', 'new\nline', 'ünï-日本', 'quo\'te"s'])('works in a folder like %j', async (name) => {
    const repo = prepared({ name })
    const made = await createWorktree(await plan(repo, 'ünï-日本'))
    expect(made.path).toBe(join(repo.base, `${name}-worktrees`, 'ünï-日本'))
    const [, linked] = await listWorktrees(await openRepo(made.path))
    expect(linked).toMatchObject({ path: made.path, branch: 'ünï-日本', adminDir: made.adminDir })
    expect(linked?.marker?.id).toBe('id-ünï-日本')
  })

  it('does not listen to GIT_DIR and its like', async () => {
    const repo = tempRepo()
    const other = tempRepo({ name: 'other' })
    setProcessEnv({
      ...repo.env,
      GIT_DIR: join(other.root, '.git'),
      GIT_WORK_TREE: other.root,
      GIT_INDEX_FILE: '/nowhere',
    })
    const before = traces(other)
    const made = await createWorktree(await plan(repo, 'topic'))
    expect(made.adminDir.startsWith(join(repo.root, '.git'))).toBe(true)
    expect(traces(other)).toEqual(before)
  })

  it("runs the repository's own post-checkout hook, as git does, and undoes all when it fails", async () => {
    const repo = prepared()
    const hook = join(repo.root, '.git/hooks/post-checkout')
    mkdirSync(join(repo.root, '.git/hooks'), { recursive: true })
    writeFileSync(hook, '#!/bin/sh\necho ran > hook-was-here\n')
    chmodSync(hook, 0o755)
    const made = await createWorktree(await plan(repo, 'topic'))
    expect(existsSync(join(made.path, 'hook-was-here'))).toBe(true)
    writeFileSync(hook, '#!/bin/sh\necho ran > hook-was-here\necho the hook said no >&2\nexit 7\n')
    const before = traces(repo)
    const planned = await plan(repo, 'second')
    const error = await failure(createWorktree(planned))
    expect(error.code).toBe('WORKTREE_CREATE_FAILED')
    expect(error.data).toMatchObject({ left: [], branch: 'second' })
    expect(error.data['stderr']).toContain('the hook said no')
    expect(traces(repo)).toEqual(before)
    expect(existsSync(planned.path)).toBe(false)
  })

  it('does not wait for a program that a hook leaves running', async () => {
    const repo = prepared()
    mkdirSync(join(repo.root, '.git/hooks'), { recursive: true })
    const hook = join(repo.root, '.git/hooks/post-checkout')
    const pidFile = join(repo.base, 'pid')
    writeFileSync(hook, `#!/bin/sh\nsleep 50 &\necho $! > '${pidFile}'\n`)
    chmodSync(hook, 0o755)
    const made = await createWorktree(await plan(repo, 'topic'))
    const pid = Number(readFileSync(pidFile, 'utf8'))
    expect(existsSync(made.path)).toBe(true)
    // still there: nobody waited for it
    expect(process.kill(pid, 'SIGTERM')).toBe(true)
  })

  it('keeps a branch that somebody moved while its tree was being made', async () => {
    const repo = prepared()
    const hook = join(repo.root, '.git/hooks/post-checkout')
    mkdirSync(join(repo.root, '.git/hooks'), { recursive: true })
    writeFileSync(hook, '#!/bin/sh\ngit commit -q --allow-empty -m work\nexit 1\n')
    chmodSync(hook, 0o755)
    const planned = await plan(repo, 'topic')
    const error = await failure(createWorktree(planned))
    expect(error.data['left']).toEqual([planned.path, 'topic'])
    expect(error.hint).toContain(planned.path)
    expect(repo.git('log', '-1', '--format=%s', 'topic')).toBe('work')
    expect(existsSync(planned.path)).toBe(true)
  })

  it('takes away the folders that it made when the commit cannot be checked out', async () => {
    const repo = prepared()
    const before = traces(repo)
    const error = await failure(createWorktree(await plan(repo, 'topic', { base: '1'.repeat(40) })))
    expect(error.code).toBe('WORKTREE_CREATE_FAILED')
    expect(traces(repo)).toEqual(before)
  })

  it('makes nothing when it is called off before it begins, and undoes what it made when called off later', async () => {
    const repo = prepared()
    const before = traces(repo)
    await expect(createWorktree(await plan(repo, 'topic'), { signal: AbortSignal.abort() })).rejects.toThrow(
      'aborted',
    )
    const controller = new AbortController()
    const running = createWorktree(await plan(repo, 'topic'), { signal: controller.signal })
    controller.abort()
    expect((await failure(running)).code).toBe('WORKTREE_CREATE_FAILED')
    expect(traces(repo)).toEqual(before)
  })

  it('lets one of several plans for one name win and touches nothing of the winner', async () => {
    const repo = prepared()
    const plans = await Promise.all(['1', '2', '3', '4'].map((id) => plan(repo, 'topic', { id })))
    const outcomes = await Promise.allSettled(plans.map((one) => createWorktree(one)))
    const won = outcomes.filter((outcome) => outcome.status === 'fulfilled')
    expect(won).toHaveLength(1)
    const reasons = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as WorktreeError] : [],
    )
    expect(reasons.map((reason) => reason.code)).toEqual(
      Array.from({ length: 3 }, () => 'WORKTREE_NAME_TAKEN'),
    )
    const late = await failure(createWorktree(plans[0]!))
    expect(late.code).toBe('WORKTREE_BRANCH_EXISTS')
    const path = won[0]!.value.path
    expect(repo.gitIn(path, 'status', '--porcelain', '--branch')).toBe('## topic')
  })

  it('refuses a path that appeared after planning and leaves it as it is', async () => {
    const repo = prepared()
    const planned = await plan(repo, 'topic')
    mkdirSync(planned.path, { recursive: true })
    writeFileSync(join(planned.path, 'mine'), 'precious')
    const error = await failure(createWorktree(planned))
    expect(error.code).toBe('WORKTREE_PATH_TAKEN')
    expect(readFileSync(join(planned.path, 'mine'), 'utf8')).toBe('precious')
    expect(repo.git('branch', '--list', 'topic')).toBe('')
  })

  it('makes 20 trees for 20 processes at the same moment', async () => {
    const repo = prepared()
    const names = Array.from({ length: 20 }, (_, index) => `agent-${index}`)
    const ran = await Promise.all(names.map((name) => run(repo, { name, id: name })))
    expect(ran.map(({ code, output }) => [code, output['branch'] ?? output])).toEqual(
      names.map((name) => [0, name]),
    )
    const entries = await listWorktrees(await openRepo(repo.root))
    expect(entries).toHaveLength(21)
    expect(entries.every((entry) => entry.locked === null && entry.prunable === null)).toBe(true)
    expect(
      repo.git('for-each-ref', '--format=%(refname:short)', 'refs/heads').split('\n').toSorted(),
    ).toEqual([...names, 'main'].toSorted())
    expect(strayLocks(join(repo.root, '.git'))).toEqual([])
    expect(readdirSync(join(repo.root, '.git/parallel-cc/creations'))).toEqual([])
    expect(repo.git('fsck', '--strict')).toBe('')
  })

  it('lets one of 20 processes have a name, and the others change nothing', async () => {
    const repo = prepared()
    const ran = await Promise.all(
      Array.from({ length: 20 }, (_, index) => run(repo, { name: 'same', id: `id-${index}` })),
    )
    const won = ran.filter(({ code }) => code === 0)
    expect(won).toHaveLength(1)
    const codes = new Set(ran.filter(({ code }) => code !== 0).map(({ output }) => output['code']))
    for (const code of codes) expect(['WORKTREE_NAME_TAKEN', 'WORKTREE_BRANCH_EXISTS']).toContain(code)
    const path = join(repo.base, 'repo-worktrees/same')
    expect(repo.gitIn(path, 'status', '--porcelain', '--branch')).toBe('## same')
    expect(strayLocks(join(repo.root, '.git'))).toEqual([])
  })
})

describe('planCreate', () => {
  it('refuses a branch that exists, in any case, and one that is in the way as a folder', async () => {
    const repo = prepared()
    repo.git('branch', 'Topic')
    repo.git('branch', 'a/b')
    const before = traces(repo)
    for (const [name, existing] of [
      ['main', 'main'],
      ['topic', 'Topic'],
      ['a', 'a/b'],
    ] as const) {
      const error = await failure(plan(repo, name))
      expect(error.code).toBe('WORKTREE_BRANCH_EXISTS')
      expect(error.data).toMatchObject({ existing })
    }
    expect(traces(repo)).toEqual(before)
  })

  it('refuses a path that exists: a folder, one in other letters, a dangling link', async () => {
    const repo = prepared()
    const dir = join(repo.base, 'repo-worktrees')
    mkdirSync(join(dir, 'there'), { recursive: true })
    mkdirSync(join(dir, 'Case'))
    symlinkSync('/nowhere/at/all', join(dir, 'link'))
    for (const name of ['there', 'case', 'link']) {
      expect((await failure(plan(repo, name))).code).toBe('WORKTREE_PATH_TAKEN')
    }
  })

  it('refuses the path of a registered tree whose folder is gone', async () => {
    const repo = prepared()
    const made = await createWorktree(await plan(repo, 'topic'))
    repo.gitIn(made.path, 'switch', '-q', '-c', 'renamed')
    repo.git('branch', '-D', 'topic')
    rmSync(made.path, { recursive: true })
    const error = await failure(plan(repo, 'topic'))
    expect(error.code).toBe('WORKTREE_PATH_TAKEN')
    expect(error.hint).toContain('prune')
  })

  it('refuses where the folder for worktrees is a file or a dangling link', async () => {
    const repo = prepared()
    writeFileSync(join(repo.base, 'file'), '')
    symlinkSync('/nowhere/at/all', join(repo.base, 'dangling'))
    for (const worktreesDir of ['../file', '../file/below', '../dangling']) {
      expect((await failure(plan(repo, 'topic', { worktreesDir }))).code).toBe('WORKTREE_FS_FAILED')
    }
  })

  it('refuses an empty repository, a base that is no full id, and names that are no slugs', async () => {
    const empty = prepared({ commit: false })
    const none = await failure(planCreate(await request(empty.root, 'topic')))
    expect(none.code).toBe('WORKTREE_NO_COMMITS')
    expect(none.hint).toContain('git commit')
    const repo = prepared()
    for (const base of ['', 'HEAD', '-x', repo.git('rev-parse', '--short', 'HEAD')]) {
      expect((await failure(plan(repo, 'topic', { base }))).code).toBe('WORKTREE_BAD_REF')
    }
    for (const name of ['../x', 'a/b', 'A', '-x', 'a b', '', 'x'.repeat(300), 'head', 'a\nb']) {
      expect((await failure(plan(repo, name))).code).toBe('WORKTREE_BAD_NAME')
    }
  })

  it('refuses a name that another creation holds, and says whose it is', async () => {
    const repo = prepared()
    const planned = await plan(repo, 'topic')
    const { cwd: _, commonDir, ...rest } = planned
    reserve(commonDir, { version: 1, ...rest, owner: { pid: 4711, processStart: 'x' } })
    const error = await failure(plan(repo, 'topic', { id: 'later' }))
    expect(error.code).toBe('WORKTREE_NAME_TAKEN')
    expect(error.data).toMatchObject({ owner: 4711, since: NOW })
    expect((await failure(createWorktree({ ...planned, id: 'later' }))).code).toBe('WORKTREE_NAME_TAKEN')
    expect(existsSync(reservationFile(commonDir, 'topic'))).toBe(true)
  })
})

describe('as a user without rights', () => {
  it('says that the folder cannot be written, and makes nothing', async () => {
    const repo = prepared()
    const file = await bundleFixture(program)
    const shared = join(repo.base, 'program.mjs')
    writeFileSync(shared, readFileSync(file))
    const owner = 65534
    const asNobody = [
      '--reuid',
      String(owner),
      '--regid',
      String(owner),
      '--clear-groups',
      process.execPath,
      shared,
    ]
    repo.git('config', '--file', join(repo.base, 'gitconfig'), 'safe.directory', '*')
    chmodSync(repo.base, 0o755)
    const env = { ...repo.env, GIT_CONFIG_GLOBAL: join(repo.base, 'gitconfig') }
    const input = JSON.stringify({ directory: repo.root, name: 'topic', id: 'x', now: NOW })
    const out = await new Promise<string>((resolve) => {
      execFile('setpriv', [...asNobody, input], { env }, (_, stdout) => resolve(stdout))
    })
    expect(JSON.parse(out)).toMatchObject({ code: 'WORKTREE_FS_FAILED' })
    expect(readdirSync(realpathSync(repo.base))).not.toContain('repo-worktrees')
    expect(repo.git('branch', '--list', 'topic')).toBe('')
  })
})
