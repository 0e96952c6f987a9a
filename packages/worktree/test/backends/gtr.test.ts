import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setProcessEnv, type TempRepo, tempRepo } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'
import {
  createWorktree,
  findGtr,
  gtrPath,
  listWorktrees,
  openRepo,
  parseGtrRecords,
  readMarker,
  removeWithGtr,
} from '../../src/index.js'
import { failure, plan, traces } from '../creating.js'

const standIn = fileURLToPath(new URL('../fixtures/gtr.sh', import.meta.url))

/** A repository on a machine that has the stand-in under this name. */
function withGtr(
  name: 'git-gtr' | 'gtr',
  extra: Record<string, string> = {},
): TempRepo & { calls: () => string[] } {
  const repo = tempRepo({ files: { '.gitignore': '.env\n' } })
  const bin = join(repo.home, 'bin')
  mkdirSync(bin)
  cpSync(standIn, join(bin, name))
  const log = join(repo.home, 'calls')
  repo.env['PATH'] = `${bin}:${repo.env['PATH']}`
  repo.env['GTR_FAKE_LOG'] = log
  setProcessEnv({ ...repo.env, ...extra })
  return { ...repo, calls: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []) }
}

const gtrPlan = (repo: TempRepo, name: string): ReturnType<typeof plan> =>
  plan(repo, name, { backend: 'gtr' })

describe('the gtr backend', () => {
  it('has gtr make the tree from the base, honouring its folder, prefix, copies and hooks', async () => {
    const repo = withGtr('git-gtr')
    writeFileSync(join(repo.root, '.env'), 'SECRET=1\n')
    repo.git('config', 'gtr.worktrees.dir', join(repo.base, 'my trees'))
    repo.git('config', 'gtr.worktrees.prefix', 'wt-')
    repo.git('config', 'gtr.copy.include', '.env')
    repo.git('config', 'gtr.hook.postCreate', 'echo hooked; echo x > hook-was-here')
    const base = repo.git('rev-parse', 'HEAD')
    repo.commit('later')
    const planned = await plan(repo, 'topic', { backend: 'gtr', base })
    const made = await createWorktree(planned)
    expect(made.path).toBe(join(repo.base, 'my trees/wt-topic'))
    expect(repo.gitIn(made.path, 'rev-parse', 'HEAD')).toBe(base)
    expect(readFileSync(join(made.path, '.env'), 'utf8')).toBe('SECRET=1\n')
    expect(existsSync(join(made.path, 'hook-was-here'))).toBe(true)
    expect(readMarker(made.adminDir)).toMatchObject({ path: made.path, branch: 'topic', base })
    expect(repo.calls()).toEqual([`new topic --from ${base} --track none --no-fetch --porcelain`])
    expect(await gtrPath('git gtr', 'topic', repo.root)).toBe(made.path)
  })

  it('asks an older version for the path', async () => {
    const repo = withGtr('git-gtr', { GTR_FAKE_VERSION: '2.0' })
    const made = await createWorktree(await gtrPlan(repo, 'topic'))
    expect(made.path).toBe(join(repo.base, 'repo-worktrees/topic'))
    expect(repo.calls().map((call) => call.split(' ')[0])).toEqual(['new', 'new', 'go'])
  })

  it('calls version 1 by its own name', async () => {
    const repo = withGtr('gtr', { GTR_FAKE_VERSION: '1.0' })
    expect(await findGtr(repo.root)).toBe('gtr')
    const made = await createWorktree(await gtrPlan(repo, 'topic'))
    expect(made.path).toBe(join(repo.base, 'repo-worktrees/topic'))
    expect(repo.calls().some((call) => call.includes('--porcelain'))).toBe(false)
  })

  it('works from a linked worktree, in the main one', async () => {
    const repo = withGtr('git-gtr')
    const first = await createWorktree(await gtrPlan(repo, 'first'))
    const planned = await plan({ ...repo, root: first.path }, 'second', { backend: 'gtr' })
    expect((await createWorktree(planned)).path).toBe(join(repo.base, 'repo-worktrees/second'))
  })

  it('undoes what gtr made when its hook fails', async () => {
    const repo = withGtr('git-gtr')
    repo.git('config', 'gtr.hook.postCreate', 'echo x > half; exit 3')
    const before = traces(repo)
    const error = await failure(createWorktree(await gtrPlan(repo, 'topic')))
    expect(error.code).toBe('WORKTREE_CREATE_FAILED')
    expect(error.data['stderr']).toContain('Hook failed')
    expect(error.data['left']).toEqual([])
    expect({ ...(traces(repo) as object), beside: null }).toEqual({ ...(before as object), beside: null })
    expect(existsSync(join(repo.base, 'repo-worktrees/topic'))).toBe(false)
  })

  it('keeps a branch on which the hook committed', async () => {
    const repo = withGtr('git-gtr')
    repo.git('config', 'gtr.hook.postCreate', 'git commit -q --allow-empty -m work; exit 3')
    const error = await failure(createWorktree(await gtrPlan(repo, 'topic')))
    expect(error.data['left']).toEqual([join(repo.base, 'repo-worktrees/topic'), 'topic'])
    expect(repo.git('log', '-1', '--format=%s', 'topic')).toBe('work')
  })

  it('does not believe a path that is not the tree', async () => {
    const repo = withGtr('git-gtr', { GTR_FAKE_LIE: '/' })
    const error = await failure(createWorktree(await gtrPlan(repo, 'topic')))
    expect(error.code).toBe('WORKTREE_CREATE_FAILED')
    expect(repo.git('branch', '--list', 'topic')).toBe('')
    expect(existsSync('/')).toBe(true)
  })

  it('refuses a branch that appeared after planning, without calling gtr', async () => {
    const repo = withGtr('git-gtr')
    const planned = await gtrPlan(repo, 'topic')
    repo.git('branch', 'topic')
    expect((await failure(createWorktree(planned))).code).toBe('WORKTREE_BRANCH_EXISTS')
    expect(repo.calls()).toEqual([])
    expect(repo.git('branch', '--list', 'topic')).not.toBe('')
  })

  it('says that gtr is not installed, also where coreutils has that name', async () => {
    const repo = tempRepo()
    setProcessEnv(repo.env)
    const planned = await gtrPlan(repo, 'topic')
    const before = traces(repo)
    const missing = await failure(createWorktree(planned))
    expect(missing.code).toBe('WORKTREE_BACKEND_MISSING')
    expect(missing.hint).toContain('worktree.backend')
    writeFileSync(join(repo.home, 'gtr'), '#!/bin/sh\necho "tr (GNU coreutils) 9.1"\n')
    chmodSync(join(repo.home, 'gtr'), 0o755)
    process.env['PATH'] = `${repo.home}:${process.env['PATH']}`
    expect((await failure(createWorktree(planned))).code).toBe('WORKTREE_BACKEND_MISSING')
    expect((traces(repo) as { refs: string }).refs).toBe((before as { refs: string }).refs)
  })

  it.each(['2.10', '2.0'])(
    'removes a clean tree with version %s, and says so when gtr did not',
    async (version) => {
      const repo = withGtr('git-gtr', { GTR_FAKE_VERSION: version })
      const planned = await gtrPlan(repo, 'topic')
      const made = await createWorktree(planned)
      writeFileSync(join(made.path, 'mine'), 'x')
      expect(await removeWithGtr('git gtr', 'topic', planned)).toBe(false)
      expect(existsSync(join(made.path, 'mine'))).toBe(true)
      repo.gitIn(made.path, 'clean', '-qfd')
      expect(await removeWithGtr('git gtr', 'topic', planned)).toBe(true)
      expect(await listWorktrees(await openRepo(repo.root))).toHaveLength(1)
      expect(repo.git('branch', '--list', 'topic')).not.toBe('')
    },
  )
})

describe('parseGtrRecords', () => {
  it('undoes the escapes and passes over what is no record', () => {
    const text = 'path\t/tmp/a\\tb\\nc\\\\d\\\\n\nbranch\tx\n\nnoise\nhook_status\tnone\n'
    expect([...parseGtrRecords(text)]).toEqual([
      ['path', '/tmp/a\tb\nc\\d\\n'],
      ['branch', 'x'],
      ['hook_status', 'none'],
    ])
  })
})
