import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type HotDeps, openHotCoordinator } from '../../src/hot-coordinator.js'
import { afterEdit } from '../../src/use-cases/after-edit.js'
import { type CheckEditDeps, checkEdit, type EditVerdict } from '../../src/use-cases/check-edit.js'
import { claimPaths } from '../../src/use-cases/claim-paths.js'
import { releasePaths } from '../../src/use-cases/release-paths.js'
import { type Bench, bench } from '../open.js'

type Started = Awaited<ReturnType<Bench['start']>>

interface World extends Bench {
  deps: HotDeps
  /** In the main tree. */
  a: Started
  /** In a linked tree. */
  b: Started
  claim(by: Started, paths: string[], mode?: 'exclusive' | 'advisory', reason?: string): Promise<void>
  release(by: Started): Promise<void>
  edit(
    by: Started,
    path: string,
    more?: { tool?: string; cwd?: string; agentId?: string },
  ): Promise<EditVerdict>
  bash(by: Started, command: string, more?: Partial<CheckEditDeps>): Promise<EditVerdict>
}

async function world(): Promise<World> {
  const base = await bench({ files: { 'src/a.ts': 'a\n', 'src/b.ts': 'b\n', 'src/n.ipynb': '{}\n' } })
  const a = await base.start({ name: 'ann' })
  const b = await base.start({ name: 'bob' })
  const deps = await openHotCoordinator({ env: base.env })
  onTestFinished(() => deps.close())
  const check = (by: Started, tool: string, input: unknown, more: object = {}): Promise<EditVerdict> =>
    checkEdit(deps, {
      session: by.sessionId,
      pid: by.process.pid,
      cwd: by.worktreePath,
      tool,
      input,
      ...more,
    })
  return {
    ...base,
    deps,
    a,
    b,
    async claim(by, paths, mode = 'exclusive', reason = 'rewriting it') {
      const { sessionId: session, worktreePath: directory } = by
      const result = await claimPaths(deps, { session, directory, pid: by.process.pid, paths, mode, reason })
      expect(result.outcome).toBe('granted')
    },
    async release(by) {
      const { sessionId: session, worktreePath: directory } = by
      await releasePaths(deps, { session, directory, pid: by.process.pid, paths: null })
    },
    edit: (by, path, { tool = 'Edit', ...more } = {}) =>
      check(by, tool, tool === 'NotebookEdit' ? { notebook_path: path } : { file_path: path }, more),
    bash: (by, command, more = {}) =>
      checkEdit(
        { ...deps, ...more },
        {
          session: by.sessionId,
          pid: by.process.pid,
          cwd: by.worktreePath,
          tool: 'Bash',
          input: { command },
        },
      ),
  }
}

function reasonOf(verdict: EditVerdict): string {
  return verdict.verdict === 'allow' ? '' : verdict.reason
}

function git(cwd: string, env: Record<string, string>, ...args: string[]): void {
  execFileSync('git', args, { cwd, env, stdio: 'pipe' })
}

describe('a file that another session holds exclusively', () => {
  test('is denied with the same reason however it is spelt and written to, and free after its release', async () => {
    const { a, b, claim, release, edit, bash } = await world()
    await claim(a, ['src/a.ts'])
    const tree = b.worktreePath
    symlinkSync('src', join(tree, 'link'))
    symlinkSync(join(tree, 'src/a.ts'), join(tree, 'alias.ts'))
    const ways: (() => Promise<EditVerdict>)[] = [
      () => edit(b, join(tree, 'src/a.ts')),
      () => edit(b, 'src/a.ts', { tool: 'Write' }),
      () => edit(b, 'a.ts', { cwd: join(tree, 'src') }),
      () => edit(b, join(tree, 'link/a.ts')),
      () => edit(b, join(tree, 'alias.ts')),
      () => edit(b, join(tree, 'src/../src/./a.ts')),
      () => edit(b, join(tree, 'src/a.ts'), { tool: 'NotebookEdit' }),
      () => bash(b, 'sed -i s/a/b/ src/a.ts'),
      () => bash(b, 'git checkout -- src/a.ts'),
      () => bash(b, 'cd src && echo x > a.ts'),
      () => bash(b, `bash -c 'rm "${tree}/link/a.ts"'`),
    ]
    const reasons = new Set<string>()
    for (const way of ways) {
      const verdict = await way()
      expect(verdict.verdict).toBe('deny')
      reasons.add(reasonOf(verdict))
    }
    expect(reasons.size).toBe(1)
    const [reason = ''] = reasons
    expect(reason).toContain('ann')
    expect(reason).toContain(a.sessionId)
    expect(reason).toContain('src/a.ts')
    expect(reason).toContain('rewriting it')
    expect(reason).toContain('send_message')
    expect(reason.length).toBeLessThanOrEqual(600)
    await release(a)
    for (const way of ways) expect((await way()).verdict).toBe('allow')
  })

  test('is the holder’s to change', async () => {
    const { a, claim, edit, bash } = await world()
    await claim(a, ['src/a.ts'])
    expect(await edit(a, join(a.worktreePath, 'src/a.ts'))).toEqual({ verdict: 'allow', claimed: [] })
    expect((await bash(a, 'git checkout -- src/a.ts')).verdict).toBe('allow')
  })

  test('keeps off what is done to its whole folder, by a glob too', async () => {
    const { a, b, claim, edit, bash } = await world()
    await claim(a, ['src/**'])
    expect((await edit(b, join(b.worktreePath, 'src/new.ts'))).verdict).toBe('deny')
    expect((await bash(b, 'rm -rf src')).verdict).toBe('deny')
    expect((await bash(b, 'git stash pop')).verdict).toBe('deny')
    expect(
      (await bash(b, 'cat src/a.ts && git status && git log -- src/a.ts && git diff > /dev/null')).verdict,
    ).toBe('allow')
  })

  test('is free once its holder’s process is gone, or its time is over', async () => {
    const { a, b, deps, claim, edit } = await world()
    await claim(a, ['src/a.ts', 'src/b.ts'])
    const later = new Date(Date.now() + 61 * 60_000).toISOString()
    const then = { ...deps, runtime: { ...deps.runtime, now: () => later } }
    const call = { session: b.sessionId, pid: b.process.pid, cwd: b.worktreePath, tool: 'Edit' }
    const verdict = await checkEdit(then, { ...call, input: { file_path: 'src/b.ts' } })
    expect(verdict).toEqual({ verdict: 'allow', claimed: ['src/b.ts'] })
    await a.process.kill()
    expect((await edit(b, join(b.worktreePath, 'src/a.ts'))).verdict).toBe('allow')
  })
})

describe('a file that another session edits in its own tree', () => {
  test('is held back once with a warning, and goes through when asked again', async () => {
    const { a, b, edit, bash } = await world()
    const first = await edit(a, join(a.worktreePath, 'src/a.ts'))
    expect(first).toEqual({ verdict: 'allow', claimed: ['src/a.ts'] })
    const warned = await edit(b, join(b.worktreePath, 'src/a.ts'))
    expect(warned.verdict).toBe('warn')
    expect(reasonOf(warned)).toContain('ann')
    expect(reasonOf(warned)).toContain('same call again')
    expect(reasonOf(warned).length).toBeLessThanOrEqual(600)
    expect(await edit(b, join(b.worktreePath, 'src/a.ts'))).toEqual({
      verdict: 'allow',
      claimed: ['src/a.ts'],
    })
    expect(await bash(b, 'echo > src/a.ts')).toEqual({ verdict: 'allow', claimed: [] })
    // by now both change it, and the first one hears of it too
    expect((await edit(a, join(a.worktreePath, 'src/a.ts'))).verdict).toBe('warn')
  })

  test('is only told with the setting after, and not at all with off', async () => {
    const { a, b, edit, bash } = await world()
    await edit(a, join(a.worktreePath, 'src/a.ts'))
    await edit(a, join(a.worktreePath, 'src/b.ts'))
    const told = await bash(b, 'echo > src/a.ts', { config: { 'claims.onAdvisory': 'after' } })
    expect(told).toMatchObject({
      verdict: 'allow',
      claimed: ['src/a.ts'],
      note: expect.stringContaining('ann'),
    })
    expect(await bash(b, 'echo > src/b.ts', { config: { 'claims.onAdvisory': 'off' } })).toEqual({
      verdict: 'allow',
      claimed: ['src/b.ts'],
    })
  })

  test('warns no longer when the change is gone or has landed', async () => {
    const { a, b, deps, env, repo, edit } = await world()
    await edit(b, join(b.worktreePath, 'src/a.ts'))
    await edit(b, join(b.worktreePath, 'src/b.ts'))
    writeFileSync(join(b.worktreePath, 'src/b.ts'), 'changed\n')
    const later = new Date(Date.now() + 10 * 60_000).toISOString()
    const then = { ...deps, runtime: { ...deps.runtime, now: () => later } }
    const ask = (path: string): Promise<EditVerdict> =>
      checkEdit(then, {
        session: a.sessionId,
        pid: a.process.pid,
        cwd: a.worktreePath,
        tool: 'Edit',
        input: { file_path: join(a.worktreePath, path) },
      })
    expect((await ask('src/a.ts')).verdict).toBe('allow')
    expect((await ask('src/b.ts')).verdict).toBe('warn')
    git(b.worktreePath, env, 'commit', '-qam', 'changed')
    const { claims } = await deps.store.read
      .claimsOf((await deps.store.read.sessionById(a.sessionId))!.repoId)
      .then((all) => ({
        claims: all.map((claim) => `${claim.sessionId === a.sessionId ? 'a' : 'b'} ${claim.path}`),
      }))
    expect(claims).toEqual(['a src/a.ts', 'b src/b.ts'])
    git(repo.root, env, 'merge', '-q', '--squash', b.branch as string)
    git(repo.root, env, 'commit', '-qm', 'landed')
    expect(await ask('src/b.ts')).toEqual({ verdict: 'allow', claimed: ['src/b.ts'] })
  })

  test('does not matter where git ignores it', async () => {
    const { a, b, edit } = await world()
    for (const one of [a, b]) writeFileSync(join(one.worktreePath, '.gitignore'), '*.log\n')
    await edit(a, join(a.worktreePath, 'out.log'))
    expect((await edit(b, join(b.worktreePath, 'out.log'))).verdict).toBe('allow')
  })
})

describe('the tree that a path is in', () => {
  test('must not be another session’s, nor the main checkout, and the reason names the right path', async () => {
    const { a, b, repo, edit, bash, start } = await world()
    const c = await start({ name: 'cyd' })
    for (const foreign of [join(repo.root, 'src/a.ts'), join(c.worktreePath, 'src/a.ts')]) {
      for (const verdict of [await edit(b, foreign), await bash(b, `echo > '${foreign}'`)]) {
        expect(verdict.verdict).toBe('deny')
        expect(reasonOf(verdict)).toContain(foreign)
        expect(reasonOf(verdict)).toContain(join(b.worktreePath, 'src/a.ts'))
      }
    }
    expect((await bash(b, `git -C ${repo.root} reset --hard`)).verdict).toBe('deny')
    symlinkSync(join(repo.root, 'src'), join(b.worktreePath, 'out'))
    expect((await edit(b, join(b.worktreePath, 'out/a.ts'))).verdict).toBe('deny')
    expect((await edit(a, join(c.worktreePath, 'src/a.ts'))).verdict).toBe('deny')
    await a.process.kill()
    expect((await edit(b, join(repo.root, 'src/a.ts'))).verdict).toBe('deny')
    await c.process.kill()
    expect((await edit(b, join(c.worktreePath, 'src/a.ts'))).verdict).toBe('allow')
  })

  test('is the session’s own where the client has made one for it or for its subagent', async () => {
    const { a, repo, env, edit } = await world()
    const inner = join(repo.root, '.claude/worktrees/sub')
    mkdirSync(join(repo.root, '.claude/worktrees'), { recursive: true })
    git(repo.root, env, 'worktree', 'add', '-q', inner)
    expect(await edit(a, join(inner, 'src/a.ts'), { cwd: inner })).toEqual({
      verdict: 'allow',
      claimed: ['src/a.ts'],
    })
    expect((await edit(a, join(inner, 'src/b.ts'), { cwd: inner, agentId: 'sub' })).verdict).toBe('allow')
    const strayed = await edit(a, join(repo.root, 'src/b.ts'), { cwd: inner, agentId: 'sub' })
    expect(strayed.verdict).toBe('deny')
    expect(reasonOf(strayed)).toContain(join(inner, 'src/b.ts'))
    expect((await edit(a, join(repo.root, 'src/b.ts'), { cwd: inner })).verdict).toBe('allow')
  })

  test('may be shared: then what one edits is closed to the other, and so are commands on all of it', async () => {
    const { a, start, edit, bash } = await world()
    const other = await start({ name: 'eve', isolation: 'never' })
    expect(other.worktreePath).toBe(a.worktreePath)
    await edit(a, join(a.worktreePath, 'src/a.ts'))
    const verdict = await edit(other, join(a.worktreePath, 'src/a.ts'))
    expect(verdict.verdict).toBe('deny')
    expect(reasonOf(verdict)).toContain('same tree')
    expect((await edit(other, join(a.worktreePath, 'src/b.ts'))).verdict).toBe('allow')
    expect((await bash(other, 'git reset --hard')).verdict).toBe('deny')
    expect((await bash(other, 'git stash')).verdict).toBe('deny')
    await a.process.kill()
    expect((await bash(other, 'git reset --hard')).verdict).toBe('allow')
    expect((await edit(other, join(a.worktreePath, 'src/a.ts'))).verdict).toBe('allow')
  })

  test('does not matter outside the repository, and inside git’s own folder', async () => {
    const { b, repo, edit, bash } = await world()
    expect(await edit(b, join(repo.home, 'notes.txt'))).toEqual({ verdict: 'allow', claimed: [] })
    expect(await bash(b, 'echo > /tmp/pcc-nowhere; git commit -m x')).toEqual({
      verdict: 'allow',
      claimed: [],
    })
    expect(await edit(b, join(repo.root, '.git/info/exclude'))).toEqual({ verdict: 'allow', claimed: [] })
  })
})

describe('calls that nothing is known of', () => {
  test.each<[string, string, unknown]>([
    ['a read', 'Read', { file_path: 'src/a.ts' }],
    ['an edit without a path', 'Edit', {}],
    ['an edit without input', 'Edit', null],
    ['a path that is a number', 'Edit', { file_path: 7 }],
    ['a path with a NUL', 'Edit', { file_path: `src/a.ts\0` }],
    ['a path longer than any', 'Edit', { file_path: 'x/'.repeat(20_000) }],
    ['an empty path', 'Write', { file_path: '' }],
    ['a command that is a list', 'Bash', { command: ['rm', 'src/a.ts'] }],
    ['a command that is no shell', 'Bash', { command: 'if rm src/a.ts )) <(' }],
    ['a command of 5 MB', 'Bash', { command: `rm src/a.ts ${'x'.repeat(5_000_000)}` }],
    ['a tool named like a method', 'toString', { file_path: 'src/a.ts' }],
    ['no tool', '', 'rm src/a.ts'],
  ])('%s is allowed', async (_name, tool, input) => {
    const { a, b, deps, claim } = await world()
    await claim(a, ['src/a.ts'])
    const call = { session: b.sessionId, pid: b.process.pid, cwd: b.worktreePath }
    expect(await checkEdit(deps, { ...call, tool, input })).toEqual({ verdict: 'allow', claimed: [] })
  })
})

describe('after a command', () => {
  test('what slipped by is told to both sides once, and what is free is claimed', async () => {
    const { a, b, deps, claim } = await world()
    await claim(a, ['src/a.ts'])
    const changedFiles = [join(b.worktreePath, 'src/a.ts'), join(b.worktreePath, 'src/b.ts')]
    const call = { session: b.sessionId, pid: b.process.pid, cwd: b.worktreePath, tool: 'Bash', input: {} }
    expect(await afterEdit(deps, { ...call, changedFiles })).toEqual({ notices: 2 })
    expect(await afterEdit(deps, { ...call, changedFiles })).toEqual({ notices: 0 })
    const [toHolder] = await deps.store.read.inboxOf(a.sessionId)
    const [toSession] = await deps.store.read.inboxOf(b.sessionId)
    expect(toHolder).toMatchObject({ kind: 'claim_violated', fromSession: null, state: 'queued' })
    expect(toHolder?.body).toContain('bob')
    expect(toHolder?.body).toContain('src/a.ts')
    expect(toSession?.body).toContain('ann')
    const { repoId } = (await deps.store.read.sessionById(b.sessionId))!
    const mine = (await deps.store.read.claimsOf(repoId)).filter((one) => one.sessionId === b.sessionId)
    expect(mine.map((one) => [one.path, one.source, one.mode])).toEqual([['src/b.ts', 'edit', 'advisory']])
  })

  test('git tells what changed where the client does not', async () => {
    const { a, b, deps, claim } = await world()
    await claim(a, ['src/a.ts'])
    const call = { session: b.sessionId, pid: b.process.pid, cwd: b.worktreePath, tool: 'Bash', input: {} }
    expect(await afterEdit(deps, call)).toEqual({ notices: 0 })
    writeFileSync(join(b.worktreePath, 'src/a.ts'), 'slipped\n')
    expect(await afterEdit(deps, call)).toEqual({ notices: 2 })
  })

  test('what was written into another session’s tree is told as well', async () => {
    const { a, b, deps, repo } = await world()
    const call = { session: b.sessionId, pid: b.process.pid, cwd: b.worktreePath, tool: 'Bash', input: {} }
    expect(await afterEdit(deps, { ...call, changedFiles: [join(repo.root, 'src/b.ts')] })).toEqual({
      notices: 2,
    })
    expect((await deps.store.read.inboxOf(a.sessionId))[0]?.body).toContain('in your tree')
  })

  test('a warning that was given is not given again', async () => {
    const { a, b, deps, edit, bash } = await world()
    await edit(a, join(a.worktreePath, 'src/a.ts'))
    expect((await bash(b, 'echo > src/a.ts')).verdict).toBe('warn')
    const changedFiles = [join(b.worktreePath, 'src/a.ts')]
    const call = { session: b.sessionId, pid: b.process.pid, cwd: b.worktreePath, tool: 'Bash', input: {} }
    expect(await afterEdit(deps, { ...call, changedFiles })).toEqual({ notices: 0 })
  })
})
