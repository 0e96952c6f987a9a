import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleFixture, type TempRepo } from '@pcc/test-kit'
import { describe, expect, it, vi } from 'vitest'
import {
  createWorktree,
  listWorktrees,
  openRepo,
  type RepairOptions,
  readMarker,
  repairCreations,
} from '../src/index.js'
import { reservationFile, reserve } from '../src/reservations.js'
import { NOW, plan, prepared, program, run, strayLocks, traces } from './creating.js'

const LATER = '2026-01-02T03:05:05.000Z'
const MUCH_LATER = '2026-01-02T04:04:05.000Z'
const POINTS = ['create:reserved', 'create:branched', 'create:added', 'create:marked'] as const

async function killedAt(repo: TempRepo, point: string, name = 'topic'): Promise<void> {
  const ran = await run(
    repo,
    { name, id: `id-${name}` },
    { PARALLEL_CC_FAULT: point, PARALLEL_CC_FAULTS_ALLOWED: '1' },
  )
  expect(ran.signal).toBe('SIGKILL')
}

async function repair(
  repo: TempRepo,
  extra: Partial<RepairOptions> = {},
): ReturnType<typeof repairCreations> {
  return repairCreations(await openRepo(repo.root), {
    isAlive: (owner) => owner.pid === process.pid,
    now: LATER,
    ...extra,
  })
}

const treePath = (repo: TempRepo): string => join(repo.base, 'repo-worktrees/topic')

async function halfMade(extra: (path: string, admin: string) => void = () => {}): Promise<TempRepo> {
  const repo = prepared({ files: { 'README.md': 'hello\n', 'b/c': '1\n' } })
  await killedAt(repo, 'create:added')
  const admin = join(repo.root, '.git/worktrees/topic')
  writeFileSync(join(admin, 'locked'), 'initializing')
  rmSync(join(admin, 'index'))
  writeFileSync(join(admin, 'index.lock'), '')
  rmSync(join(treePath(repo), 'b'), { recursive: true })
  extra(treePath(repo), admin)
  return repo
}

describe('repairCreations', () => {
  it('has nothing to do where nothing was created, and after a creation that ended well', async () => {
    const repo = prepared()
    expect(await repair(repo)).toEqual([])
    await createWorktree(await plan(repo, 'topic'))
    expect(await repair(repo)).toEqual([])
    expect(existsSync(treePath(repo))).toBe(true)
  })

  it.each(POINTS)(
    'rolls back what a process killed at %s left, and the name is free again',
    async (point) => {
      const repo = prepared()
      const before = traces(repo)
      await killedAt(repo, point)
      expect(traces(repo)).not.toEqual(before)
      const [report, ...others] = await repair(repo)
      expect(report).toMatchObject({ name: 'topic', action: 'rolled-back', branch: 'topic' })
      expect(others).toEqual([])
      expect(traces(repo)).toEqual(before)
      expect((await createWorktree(await plan(repo, 'topic'))).path).toBe(treePath(repo))
    },
  )

  it('leaves a whole tree alone when the process was killed after the end', async () => {
    const repo = prepared()
    await killedAt(repo, 'create:done')
    expect(await repair(repo)).toEqual([])
    const [, tree] = await listWorktrees(await openRepo(repo.root))
    expect(tree).toMatchObject({ path: treePath(repo), branch: 'topic', marker: { id: 'id-topic' } })
  })

  it.each(POINTS)('can be done by several at once after %s', async (point) => {
    const repo = prepared()
    const before = traces(repo)
    await killedAt(repo, point)
    const reports = (await Promise.all([repair(repo), repair(repo), repair(repo)])).flat()
    expect(reports.filter((report) => report.action === 'rolled-back')).toHaveLength(1)
    expect(traces(repo)).toEqual(before)
  })

  it('does not touch a creation whose process lives', async () => {
    const repo = prepared()
    await killedAt(repo, 'create:added')
    const before = traces(repo)
    const asked: number[] = []
    const isAlive = (owner: { pid: number }): boolean => asked.push(owner.pid) > 0
    expect(await repair(repo, { isAlive })).toEqual([])
    expect(asked).toHaveLength(1)
    expect(traces(repo)).toEqual(before)
  })

  it.each([
    ['an untracked file', (path: string) => writeFileSync(join(path, 'mine'), 'x')],
    ['a changed file', (path: string) => writeFileSync(join(path, 'README.md'), 'x')],
    ['an ignored file', (path: string) => writeFileSync(join(path, '.env'), 'x')],
  ])('keeps and marks a tree that holds %s', async (_, put) => {
    const repo = prepared({ files: { 'README.md': 'hello\n', '.gitignore': '.env\n' } })
    await killedAt(repo, 'create:added')
    put(treePath(repo))
    const [report] = await repair(repo)
    expect(report).toMatchObject({ action: 'finished', path: treePath(repo), branch: 'topic' })
    const [, tree] = await listWorktrees(await openRepo(repo.root))
    expect(tree?.marker).toMatchObject({ id: 'id-topic', branch: 'topic', createdAt: NOW })
    expect(readdirSync(join(repo.root, '.git/parallel-cc/creations'))).toEqual([])
  })

  it('keeps and marks a tree in which somebody committed, and a branch that moved without one', async () => {
    const repo = prepared()
    await killedAt(repo, 'create:added')
    repo.commit('work', { work: '1' }, treePath(repo))
    expect(await repair(repo)).toMatchObject([{ action: 'finished' }])
    expect(repo.git('log', '-1', '--format=%s', 'topic')).toBe('work')
    const other = prepared()
    await killedAt(other, 'create:branched')
    other.git('update-ref', 'refs/heads/topic', other.commit('elsewhere'))
    expect(await repair(other)).toMatchObject([{ action: 'cleared' }])
    expect(other.git('log', '-1', '--format=%s', 'topic')).toBe('elsewhere')
  })

  it('never takes a branch of that name that somebody else made', async () => {
    const repo = prepared()
    await killedAt(repo, 'create:reserved')
    repo.git('worktree', 'add', '-q', '-b', 'topic', treePath(repo))
    expect(await repair(repo)).toMatchObject([{ action: 'cleared' }])
    expect(repo.gitIn(treePath(repo), 'status', '--porcelain', '--branch')).toBe('## topic')
    expect(readMarker(join(repo.root, '.git/worktrees/topic'))).toBeNull()
  })

  it('waits for a git that outlives its killed parent, then rolls back', async () => {
    const repo = prepared()
    const before = traces(repo)
    const go = join(repo.base, 'go')
    // a smudge filter holds the checkout up until the test lets it go on
    repo.git('config', 'filter.slow.smudge', `while [ ! -e '${go}' ]; do sleep 0.02; done; cat`)
    repo.git('config', 'filter.slow.clean', 'cat')
    repo.commit('filter', { '.gitattributes': 'slow.txt filter=slow\n', 'slow.txt': 'x\n' })
    const committed = traces(repo)
    const file = await bundleFixture(program)
    const input = JSON.stringify({ directory: repo.root, name: 'topic', id: 'id-topic', now: NOW })
    const child = execFile(process.execPath, [file, input], { env: repo.env })
    const admin = join(repo.root, '.git/worktrees/topic')
    await vi.waitFor(() => expect(existsSync(join(admin, 'locked'))).toBe(true), {
      timeout: 20_000,
      interval: 10,
    })
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
    expect(await repair(repo, { waitMs: 100 })).toMatchObject([{ action: 'left' }])
    expect(existsSync(admin)).toBe(true)
    const repairing = repair(repo, { waitMs: 30_000 })
    writeFileSync(go, '')
    expect(await repairing).toMatchObject([{ action: 'rolled-back' }])
    rmSync(go)
    expect(traces(repo)).toEqual(committed)
    expect(before).not.toEqual(committed)
  })

  it('waits for a git that has not shown itself yet', async () => {
    const repo = prepared()
    await killedAt(repo, 'create:reserved')
    expect(await repair(repo, { now: NOW, waitMs: 50 })).toMatchObject([{ action: 'left' }])
    expect(await repair(repo, { now: NOW })).toMatchObject([{ action: 'rolled-back' }])
  })

  describe('after git died half-way', () => {
    it('rolls back a part of the checkout, once no git can be at work any more', async () => {
      const repo = await halfMade()
      expect(await repair(repo, { waitMs: 50 })).toMatchObject([{ action: 'left' }])
      expect(await repair(repo, { now: MUCH_LATER })).toMatchObject([{ action: 'rolled-back' }])
      expect(existsSync(treePath(repo))).toBe(false)
      expect(repo.git('branch', '--list', 'topic')).toBe('')
      expect(strayLocks(join(repo.root, '.git'))).toEqual([])
    })

    it('makes a usable tree of one that holds something', async () => {
      const repo = await halfMade((path) => writeFileSync(join(path, 'mine'), 'x'))
      expect(await repair(repo, { now: MUCH_LATER })).toMatchObject([{ action: 'finished' }])
      expect(repo.gitIn(treePath(repo), 'status', '--porcelain').split('\n')).toEqual([' D b/c', '?? mine'])
      const [, tree] = await listWorktrees(await openRepo(repo.root))
      expect(tree).toMatchObject({ locked: null, marker: { id: 'id-topic' } })
      expect(strayLocks(join(repo.root, '.git'))).toEqual([])
    })
  })

  it('marks the entry of a tree whose folder is gone, since it may have been moved by hand', async () => {
    const repo = prepared()
    await killedAt(repo, 'create:added')
    renameSync(treePath(repo), join(repo.base, 'moved'))
    expect(await repair(repo)).toMatchObject([{ action: 'finished' }])
    repo.git('worktree', 'repair', join(repo.base, 'moved'))
    const [, tree] = await listWorktrees(await openRepo(repo.root))
    expect(tree).toMatchObject({ path: join(repo.base, 'moved'), prunable: null, marker: { id: 'id-topic' } })
  })

  it('clears a journal that cannot be read only when it is old', async () => {
    const repo = prepared()
    const { commonDir } = await openRepo(repo.root)
    const file = reservationFile(commonDir, 'broken')
    mkdirSync(join(commonDir, 'parallel-cc/creations'), { recursive: true })
    const contents = ['', '{', 'null', '[]', '{"version":1}', '{"version":1,"id":"x","owner":{"pid":"1"}}']
    for (const content of contents) {
      writeFileSync(file, content)
      utimesSync(file, new Date(NOW), new Date(NOW))
      expect(await repair(repo)).toEqual([])
      expect(await repair(repo, { now: MUCH_LATER })).toMatchObject([{ name: 'broken', action: 'cleared' }])
      expect(existsSync(file)).toBe(false)
    }
  })

  it('takes over the lock of a repair that was killed, and none that a living one holds', async () => {
    const repo = prepared()
    const { commonDir } = await openRepo(repo.root)
    await killedAt(repo, 'create:branched')
    const folder = reservationFile(commonDir, 'topic').replace('.json', '.repairing')
    const lockedBy = (pid: number): void =>
      writeFileSync(join(folder, 'lock-000001.json'), JSON.stringify({ owner: { pid, processStart: null } }))
    mkdirSync(folder)
    lockedBy(process.pid)
    expect(await repair(repo)).toEqual([])
    lockedBy(process.pid + 1)
    expect(await repair(repo)).toMatchObject([{ action: 'rolled-back' }])
    expect(existsSync(folder)).toBe(false)
  })

  it('does not follow a journal that names a tree of somebody else', async () => {
    const repo = prepared()
    repo.git('worktree', 'add', '-q', '-b', 'theirs', join(repo.base, 'theirs'))
    const planned = await plan(repo, 'topic')
    const { cwd: _, commonDir, ...rest } = planned
    reserve(commonDir, { version: 1, ...rest, path: join(repo.base, 'theirs'), branch: 'theirs' })
    expect(await repair(repo, { isAlive: () => false })).toMatchObject([{ action: 'cleared' }])
    expect(repo.gitIn(join(repo.base, 'theirs'), 'status', '--porcelain', '--branch')).toBe('## theirs')
  })
})
