import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { sleeper, tempDir, tempRepo } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { changeRows, databaseFile, rowsOf } from './database.js'
import { type Installed, installed, type Ran, type RunOptions, statusOf } from './program.js'
import { leftovers, stateOf, treesFolder } from './state.js'
import { handOver, scarce, takeBack, UNPRIVILEGED } from './users.js'

/** A refusal: its exit code, what is wrong and what to do next in one line each, and nothing on stdout. */
function expectRefused(ran: Ran, code: number, what: RegExp): void {
  expect(ran.stderr).toMatch(what)
  const lines = ran.stderr.split('\n')
  expect(lines).toEqual([expect.stringMatching(/^parallel-cc: \S/), expect.stringMatching(/^ {2}\S/), ''])
  expect(ran).toMatchObject({ code, stdout: '' })
}

/** No session, no tree, no branch, no journal, no lock. */
function expectNothingMade(it: Installed): void {
  expect(leftovers(it)).toEqual([])
  expect(stateOf(it)).toMatchObject({ trees: [], folders: [], journals: [], sessions: [] })
  expect(existsSync(treesFolder(it))).toBe(false)
}

function start(it: Installed, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return it.run(
    ['start', '--no-launch', '--json', '--pid', String(process.pid), '--isolation', 'always', ...args],
    options,
  )
}

interface Started {
  name: string
  branch: string
  worktreePath: string
  isMainRepo: boolean
}

describe('names', () => {
  test.each([
    ['spaces', 'login form', 'login-form'],
    ['quotes', `it's "new"`, 'it-s-new'],
    ['letters of all scripts', 'Grüße 世界', 'grüße-世界'],
    ['a slash', 'a/b', 'a-b'],
    ['dots that lead elsewhere', '../../x', 'x'],
    ['what a shell would obey', '$(touch x);`y`', 'touch-x-y'],
  ])('with %s are kept, and make a tame branch and folder', async (_what, name, slug) => {
    const it = installed()
    const session = (await start(it, ['--name', name])).json<Started>()
    expect(session).toMatchObject({ name, branch: slug, worktreePath: join(treesFolder(it), slug) })
    expect(leftovers(it)).toEqual([])
  })

  test.each([
    ['a line break', ['--name', 'a\nb'], /"a\\nb"/],
    ['an escape sequence', ['--name', 'a\u001b[2Jb'], /\\u001b/],
    ['a mark that turns text around', ['--name', 'a\u202eb'], /\\u202e/],
    ['a leading dash', ['--name=-x'], /"-x"/],
    ['a dash where the name should be', ['--name', '-x'], /name/],
    ['dots only', ['--name', '..'], /"\.\."/],
    ['300 characters', ['--name', 'x'.repeat(300)], /longer than 100/],
    ['100 kB', ['--name', 'x'.repeat(100_000)], /longer than 100/],
    ['nothing', ['--name', ''], /empty/],
    ['spaces only', ['--name', '  '], /empty/],
    ['a name of git’s own', ['--name', 'HEAD'], /HEAD/],
  ])('with %s are wrong usage', async (_what, args, message) => {
    const it = installed()
    expectRefused(await start(it, args), 2, message)
    expectNothingMade(it)
  })

  test.each([
    ['is there', 'work', 'work'],
    ['is a folder of branches', 'work/sub', 'work'],
    ['differs in case only', 'WORK', 'work'],
  ])('whose branch %s are refused, and the branch stays', async (_what, branch, name) => {
    const it = installed()
    it.repo.git('branch', branch)
    expectRefused(await start(it, ['--name', name]), 4, new RegExp(`'work'.*('${branch}'|exists)`))
    expect(stateOf(it)).toMatchObject({ trees: [], sessions: [], folders: [] })
    expect(it.repo.git('for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads')).toBe(
      [branch, 'main'].toSorted().join('\n'),
    )
  })

  test('whose branch is checked out elsewhere are refused, and that tree stays', async () => {
    const it = installed()
    const elsewhere = join(it.repo.base, 'elsewhere')
    it.repo.git('worktree', 'add', '-q', '-b', 'feature', elsewhere)
    expectRefused(await start(it, ['--name', 'feature']), 4, /'feature'/)
    expect(it.repo.gitIn(elsewhere, 'branch', '--show-current')).toBe('feature')
    expect(existsSync(treesFolder(it))).toBe(false)
  })

  test.each([
    ['the same', 'work'],
    ['in other letters', 'WORK'],
  ])('of a living session, %s, are refused, and its tree stays', async (_what, name) => {
    const it = installed()
    expect((await start(it, ['--name', 'work'])).code).toBe(0)
    const before = stateOf(it)
    const other = await sleeper()
    expectRefused(await start(it, ['--name', name, '--pid', String(other.pid)]), 4, /work/i)
    expect(stateOf(it)).toEqual(before)
    expect(leftovers(it)).toEqual([])
  })

  test('of a tree that somebody kept are refused, and the tree stays though nothing is in it', async () => {
    const it = installed()
    expect((await start(it, ['--name', 'work'])).code).toBe(0)
    expect((await it.run(['stop', 'work', '--keep'])).code).toBe(0)
    const before = stateOf(it)
    expectRefused(await start(it, ['--name', 'work']), 4, /'work'/)
    expect(stateOf(it)).toEqual(before)
  })

  test('whose folder is taken are refused, and what is there stays', async () => {
    const it = installed()
    mkdirSync(join(treesFolder(it), 'work'), { recursive: true })
    writeFileSync(join(treesFolder(it), 'work', 'mine'), 'mine')
    expectRefused(await start(it, ['--name', 'work']), 4, /repo-worktrees\/work/)
    expect(readFileSync(join(treesFolder(it), 'work', 'mine'), 'utf8')).toBe('mine')
    expect(stateOf(it)).toMatchObject({ trees: [], sessions: [], folders: ['work'] })
  })
})

describe('words of the command line', () => {
  test.each([
    ['an unknown flag', ['status', '--frob'], 2, /frob/],
    ['an unknown command', ['frobnicate'], 2, /frobnicate/],
    ['a pid that is none', ['start', '--no-launch', '--pid', 'abc'], 2, /'abc'/],
    ['pid 0', ['start', '--no-launch', '--pid', '0'], 2, /'0'/],
    ['a pid of nobody', ['start', '--no-launch', '--pid', '4194999'], 5, /4194999/],
    ['a base that is not there', ['start', '--no-launch', '--base', 'nope'], 2, /'nope'/],
    ['a base like an option', ['start', '--no-launch', '--base=--all'], 2, /'--all'/],
    ['a base of two lines', ['start', '--no-launch', '--base', 'a\nb'], 2, /a\\x0ab/],
    ['a session of nobody', ['stop', 'nobody'], 5, /'nobody'/],
    ['a session of 100 kB', ['stop', 'x'.repeat(100_000)], 5, /^.{1,1200}$/m],
    ['an empty session', ['stop', ''], 2, /empty/],
    ['an empty session for a heartbeat', ['heartbeat', ''], 2, /empty/],
    ['a removal of nobody', ['restore', '../../etc'], 5, /etc/],
    ['an empty removal', ['restore', ''], 5, /''/],
    ['an unknown isolation', ['start', '--isolation', 'maybe'], 2, /maybe/],
  ])('%s', async (_what, args, code, message) => {
    const it = installed()
    const living = await sleeper()
    expect((await start(it, ['--isolation', 'never', '--pid', String(living.pid)])).code).toBe(0)
    const before = stateOf(it)
    expectRefused(await it.run(args), code, message)
    expect(stateOf(it)).toEqual(before)
  })
})

describe('git', () => {
  /** A search path with node, and without git. */
  function onlyNode(it: Installed): string {
    const folder = join(it.repo.base, 'only-node')
    mkdirSync(folder)
    symlinkSync(process.execPath, join(folder, 'node'))
    return folder
  }

  test('that is missing is the environment’s fault', async () => {
    const it = installed()
    const PATH = `${it.bin}:${onlyNode(it)}`
    for (const args of [['list'], ['cleanup'], ['restore']]) {
      expectRefused(await it.run(args, { env: { PATH } }), 6, /git/)
    }
    expectRefused(await start(it, [], { env: { PATH } }), 6, /git/)
    expectNothingMade(it)
  })

  test('that is too old is named with its version', async () => {
    const it = installed()
    writeFileSync(join(it.bin, 'git'), '#!/bin/sh\necho git version 2.30.0\n', { mode: 0o755 })
    expectRefused(await start(it, []), 6, /2\.30\.0.*2\.38/)
    expectNothingMade(it)
  })

  test('that fails where nobody expects it is told with its own words', async () => {
    const it = installed()
    const script =
      '#!/bin/sh\ncase "$*" in *"worktree list"*) echo "fatal: no luck" >&2; exit 128;; esac\nPATH=/usr/bin:/bin exec git "$@"\n'
    writeFileSync(join(it.bin, 'git'), script, { mode: 0o755 })
    for (const args of [['list'], ['cleanup']]) expectRefused(await it.run(args), 6, /no luck/)
  })

  test('that knows of a tree which is not there just now is no failure', async () => {
    const it = installed()
    const elsewhere = join(it.repo.base, 'stick')
    it.repo.git('worktree', 'add', '-q', '-b', 'feature', elsewhere)
    it.repo.git('worktree', 'lock', '--reason', 'on a stick', elsewhere)
    renameSync(elsewhere, `${elsewhere}-unmounted`)
    for (const args of [
      ['list', '--json'],
      ['list', '--json', '--disk'],
    ]) {
      expect((await it.run(args)).json()).toMatchObject({
        worktrees: [
          { isMain: true },
          { path: elsewhere, branch: 'feature', locked: 'on a stick', untracked: 0 },
        ],
      })
    }
    const { worktrees } = (await it.run(['cleanup', '--json'])).json<{ worktrees: object[] }>()
    expect(worktrees).toMatchObject([{ path: elsewhere, action: 'kept' }])
  })

  test('that fails while it makes the tree leaves nothing behind', async () => {
    const it = installed()
    const script =
      '#!/bin/sh\ncase "$*" in *"worktree add"*) echo "fatal: no luck" >&2; exit 128;; esac\nPATH=/usr/bin:/bin exec git "$@"\n'
    writeFileSync(join(it.bin, 'git'), script, { mode: 0o755 })
    expectRefused(await start(it, ['--name', 'work']), 6, /no luck/)
    expectNothingMade(it)
  })

  test.each(['GIT_DIR', 'GIT_COMMON_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_OBJECT_DIRECTORY'])(
    'is not led astray by %s',
    async (name) => {
      const it = installed()
      const other = tempRepo()
      const value = name === 'GIT_INDEX_FILE' ? join(other.root, '.git/index') : join(other.root, '.git')
      const env = { [name]: name === 'GIT_WORK_TREE' ? other.root : value }
      const session = (await start(it, ['--name', 'work'], { env })).json<Started>()
      expect(session.worktreePath).toBe(join(treesFolder(it), 'work'))
      const { worktrees } = (await it.run(['list', '--json'], { env })).json<{
        worktrees: { unstaged: number }[]
      }>()
      expect(worktrees).toMatchObject([{ unstaged: 0 }, { unstaged: 0, staged: 0 }])
      expect((await it.run(['stop', 'work'], { env })).code).toBe(0)
      expect(other.git('status', '--porcelain')).toBe('')
      expect(other.git('worktree', 'list').split('\n')).toHaveLength(1)
      expect(leftovers(it)).toEqual([])
    },
  )
})

describe('places', () => {
  const commands = [['start', '--no-launch'], ['status'], ['list'], ['cleanup'], ['restore']]

  test.each(commands)('outside a repository: %s', async (...args) => {
    const it = installed()
    expectRefused(await it.run(args, { cwd: it.repo.base }), 4, /is not in a git repository/)
  })

  test.each(commands)('a file and a path that is not there as --repo: %s', async (...args) => {
    const it = installed()
    for (const place of [join(it.repo.root, 'README.md'), join(it.repo.root, 'nothing', 'here')]) {
      expectRefused(await it.run([...args, '--repo', place]), 4, /README\.md|nothing\/here/)
    }
    expectNothingMade(it)
  })

  test.each(commands)('a current directory that was deleted: %s', async (...args) => {
    const it = installed()
    const through = ['/bin/sh', '-c', 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', 'sh']
    expectRefused(await it.run(args, { through }), 4, /deleted|gone/)
    expect((await it.run(['status', '--repo', it.repo.root], { through })).code).toBe(0)
  })

  test('claude-parallel in a directory that was deleted starts nothing', async () => {
    const it = installed()
    it.agent('claude', '')
    const through = ['/bin/sh', '-c', 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', 'sh']
    expectRefused(
      await it.run(['-p', 'go'], { as: 'claude-parallel', through }),
      6,
      /claude could not be started in .*gone/,
    )
  })

  test('a hook in a directory that was deleted is silent', async () => {
    const it = installed()
    const through = ['/bin/sh', '-c', 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', 'sh']
    const ran = await it.run(['SessionStart'], { as: 'parallel-cc-hook', through, input: '{}' })
    expect(ran).toMatchObject({ code: 0, stdout: '', stderr: '' })
  })

  test('a repository without a commit has no trees yet, but its checkout can be worked in', async () => {
    const it = installed({ commit: false })
    expectRefused(await start(it, []), 4, /commit/)
    const session = (await start(it, ['--isolation', 'auto'])).json<Started>()
    expect(session).toMatchObject({ isMainRepo: true, worktreePath: it.repo.root })
  })

  test.each([
    ['a sub-folder', (it: Installed) => join(it.repo.root, 'deep', 'er'), 0],
    [
      'a symbolic link',
      (it: Installed) => {
        symlinkSync(it.repo.root, join(it.repo.base, 'link'))
        return join(it.repo.base, 'link', 'deep')
      },
      0,
    ],
    ['a linked worktree', (it: Installed) => join(treesFolder(it), 'work'), 0],
    ['the git directory', (it: Installed) => join(it.repo.root, '.git', 'refs'), 0],
  ])('%s is its repository', async (_what, place) => {
    const it = installed({ files: { 'deep/er/a.txt': 'a' } })
    expect((await start(it, ['--name', 'work'])).code).toBe(0)
    const cwd = place(it)
    const status = await it.run(['status', '--json'], { cwd })
    expect(status.json()).toMatchObject({ repoPath: it.repo.root, totalSessions: 1 })
    const { worktrees } = (await it.run(['list', '--json'], { cwd })).json<{
      worktrees: { path: string }[]
    }>()
    expect(worktrees.map((row) => row.path)).toEqual([it.repo.root, join(treesFolder(it), 'work')])
  })

  test('a worktree of a bare clone is the clone’s, and new trees lie beside it', async () => {
    const it = installed()
    const bare = join(it.repo.base, 'bare.git')
    it.repo.git('clone', '-q', '--bare', '.', bare)
    const tree = join(it.repo.base, 'checkout')
    it.repo.gitIn(bare, 'worktree', 'add', '-q', tree, 'main')
    const session = (await start(it, ['--name', 'work'], { cwd: tree })).json<Started>()
    expect(session.worktreePath.startsWith(join(it.repo.base, 'bare'))).toBe(true)
    for (const cwd of [tree, bare, session.worktreePath]) {
      expect((await it.run(['status', '--json'], { cwd })).json()).toMatchObject({
        repoPath: bare,
        totalSessions: 1,
      })
    }
    const { worktrees } = (await it.run(['list', '--json'], { cwd: tree })).json<{
      worktrees: { path: string }[]
    }>()
    expect(worktrees.map((row) => row.path).toSorted()).toEqual([session.worktreePath, tree].toSorted())
    expect((await it.run(['stop', 'work'], { cwd: bare })).code).toBe(0)
    expect(existsSync(session.worktreePath)).toBe(false)
  })

  test('a submodule is a repository of its own', async () => {
    const it = installed()
    const library = tempRepo()
    it.repo.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library.root, 'lib')
    it.repo.commit('submodule')
    const cwd = join(it.repo.root, 'lib')
    expect((await start(it, ['--isolation', 'auto'], { cwd })).json<Started>()).toMatchObject({
      worktreePath: cwd,
    })
    expect((await it.run(['status', '--json'], { cwd })).json()).toMatchObject({ totalSessions: 1 })
    expect((await statusOf(it)).totalSessions).toBe(0)
    const { worktrees } = (await it.run(['list', '--json'], { cwd })).json<{ worktrees: object[] }>()
    expect(worktrees).toMatchObject([{ path: cwd, isMain: true }])
  })
})

describe('rights and space', () => {
  test('a home that cannot be written', async () => {
    const it = installed()
    handOver(it)
    chmodSync(it.repo.home, 0o555)
    for (const args of [
      ['status'],
      ['list'],
      ['cleanup'],
      ['start', '--no-launch'],
      ['config', 'set', 'agent', 'x'],
    ]) {
      expectRefused(await it.run(args, { through: UNPRIVILEGED }), 6, /home\/\.parallel-cc/)
    }
    takeBack(it)
    expectNothingMade(it)
  })

  test('a folder around the repository that cannot be written', async () => {
    const it = installed()
    handOver(it)
    chmodSync(it.repo.base, 0o555)
    const ran = await start(it, ['--name', 'work'], { through: UNPRIVILEGED })
    chmodSync(it.repo.base, 0o755)
    takeBack(it)
    expectRefused(ran, 6, /repo-worktrees/)
    expectNothingMade(it)
  })

  test('a git directory that cannot be written', async () => {
    const it = installed()
    handOver(it)
    chmodSync(join(it.repo.root, '.git'), 0o555)
    const ran = await start(it, ['--name', 'work'], { through: UNPRIVILEGED })
    chmodSync(join(it.repo.root, '.git'), 0o755)
    takeBack(it)
    expectRefused(ran, 6, /\.git/)
    expectNothingMade(it)
  })

  test('a state folder that is a file', async () => {
    const it = installed()
    const file = join(it.repo.base, 'a-file')
    writeFileSync(file, 'mine')
    for (const args of [
      ['status'],
      ['start', '--no-launch'],
      ['heartbeat'],
      ['config', 'set', 'agent', 'x'],
    ]) {
      expectRefused(await it.run(args, { env: { PARALLEL_CC_HOME: file } }), 6, /a-file/)
    }
    expect(readFileSync(file, 'utf8')).toBe('mine')
    expectNothingMade(it)
  })

  test('a disk that is too full for the database', async () => {
    const it = installed()
    const home = it.env['PARALLEL_CC_HOME'] as string
    mkdirSync(home)
    const through = scarce(home, 64)
    expectRefused(await start(it, [], { through }), 6, /coordinator\.db/)
    expect(
      stateOf({ ...it, env: { ...it.env, PARALLEL_CC_HOME: join(it.repo.base, 'other') } }),
    ).toMatchObject({ trees: [], folders: [], journals: [] })
  })

  test('a disk that is too full for the tree', async () => {
    const it = installed({ files: { big: Buffer.alloc(2_000_000, 'pcc') } })
    mkdirSync(treesFolder(it))
    const through = scarce(treesFolder(it), 1000)
    expectRefused(await start(it, ['--name', 'work'], { through }), 6, /'work'/)
    expect(leftovers(it)).toEqual([])
    expect(stateOf(it)).toMatchObject({ trees: [], sessions: [], folders: [] })
  })
})

describe('databases', () => {
  async function used(): Promise<Installed> {
    const it = installed()
    expect((await start(it, ['--isolation', 'auto'])).code).toBe(0)
    return it
  }

  test('of a newer version are refused by every command, and stay as they are', async () => {
    const it = await used()
    changeRows(it, `INSERT INTO kysely_migration VALUES ('9999-from-the-future', '2030-01-01')`)
    const before = rowsOf(it, 'SELECT * FROM sessions')
    for (const args of [['status'], ['heartbeat'], ['cleanup'], ['stop', 'x'], ['start', '--no-launch']]) {
      expectRefused(await it.run(args), 6, /newer version/)
    }
    expect(rowsOf(it, 'SELECT * FROM sessions')).toEqual(before)
  })

  test('that are damaged are refused by every command, and stay as they are', async () => {
    const it = await used()
    const file = databaseFile(it)
    truncateSync(file, 5000)
    const kept = join(tempDir(), 'copy')
    copyFileSync(file, kept)
    for (const args of [['status'], ['heartbeat'], ['cleanup'], ['start', '--no-launch']]) {
      expectRefused(await it.run(args), 6, /coordinator\.db/)
    }
    expect(readFileSync(file).equals(readFileSync(kept))).toBe(true)
  })

  test.each([
    ['nobody listens', 'postgres://ann:s3cret@127.0.0.1:1/pcc', /127\.0\.0\.1:1/],
    ['there is no such host', 'postgres://ann:s3cret@no-such-host.invalid/pcc', /no-such-host/],
    ['the URL is another database’s', 'mysql://ann:s3cret@127.0.0.1/pcc', /PostgreSQL/],
    ['the URL is none', 's3cret', /PostgreSQL/],
    ['the password is cut in two', 'postgres://ann:s3@cret/x@127.0.0.1/pcc', /PostgreSQL/],
  ])('on a server: when %s, the password is not shown', async (_what, url, message) => {
    const it = installed()
    for (const args of [['status'], ['heartbeat'], ['start', '--no-launch']]) {
      const ran = await it.run(args, { env: { PARALLEL_CC_DATABASE_URL: url } })
      expectRefused(ran, 6, message)
      expect(ran.stderr).not.toMatch(/s3|cret/)
    }
    expectNothingMade(it)
  })
})
