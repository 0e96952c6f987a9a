import { chmodSync, existsSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { sleeper, writeFiles } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { filesOf } from '../../packages/worktree/test/nothing-lost/ground.js'
import { killAt, pointsOf } from './fault-points.js'
import { type Installed, installed, statusOf } from './program.js'
import { commonDir, leftovers, stateOf, treesFolder } from './state.js'

interface Decisions {
  worktrees: { path: string; action: string; reasons: string[]; removalId: string | null }[]
  purged: string[]
}

interface Removals {
  removals: { id: string; path: string; branch: string }[]
}

const ALL_LOSSES = ['cleanup', '--json', '--discard', 'uncommitted,untracked,unlanded']

function tree(it: Installed): string {
  return join(treesFolder(it), 'work')
}

/** A session in a tree of its own; returns its process. */
async function sessionInTree(it: Installed): Promise<{ kill(): Promise<void> }> {
  const client = await sleeper()
  const pid = String(client.pid)
  const args = ['start', '--no-launch', '--name', 'work', '--isolation', 'always', '--pid', pid]
  expect((await it.run(args)).code).toBe(0)
  return client
}

/** Committed, dropped, staged, unstaged and untracked work, modes and links. */
function doWork(it: Installed): void {
  const at = tree(it)
  it.repo.commit('work', { 'work.txt': 'one\n', 'run.sh': '#!/bin/sh\n' }, at)
  chmodSync(join(at, 'run.sh'), 0o755)
  it.repo.commit('dropped', { 'dropped.txt': 'd' }, at)
  it.repo.gitIn(at, 'reset', '-q', '--hard', 'HEAD~1')
  writeFiles(at, { 'README.md': 'staged\n', 'new/staged.txt': 's' })
  it.repo.gitIn(at, 'add', '-A')
  writeFiles(at, { 'README.md': 'unstaged\n', 'untracked name.bin': Buffer.from([0, 255, 10, 0]) })
  symlinkSync('no-such-target', join(at, 'link'))
}

/** All that must come back, byte for byte. Takes no optional lock, so that looking changes nothing. */
function snapshot(it: Installed): object {
  const git = (...args: string[]) => it.repo.gitIn(tree(it), '--no-optional-locks', ...args)
  return {
    files: filesOf(tree(it), ['.git']),
    index: git('ls-files', '-s', '-z', '-v'),
    status: git('status', '--porcelain=v2', '--branch', '-z', '--untracked-files=all'),
    head: git('rev-parse', 'HEAD'),
    reflog: git('reflog', 'show', 'refs/heads/work'),
    // the checkout's own reflog, and with it what was dropped
    headReflog: git('reflog', 'show', 'HEAD'),
  }
}

/** What a person does who comes by meanwhile. */
function passBy(it: Installed): void {
  it.repo.git('worktree', 'prune')
}

async function removalsOf(it: Installed): Promise<Removals['removals']> {
  return (await it.run(['restore', '--json'])).json<Removals>().removals
}

async function expectSettled(it: Installed): Promise<void> {
  expect(leftovers(it)).toEqual([])
  const before = stateOf(it)
  expect((await it.run(['cleanup', '--json'])).code).toBe(0)
  expect(stateOf(it)).toEqual(before)
}

/** A dead session's tree with work in it. */
async function deadSession(): Promise<{ it: Installed; before: object }> {
  const it = installed()
  const client = await sessionInTree(it)
  doWork(it)
  await client.kill()
  return { it, before: snapshot(it) }
}

async function removed(): Promise<{ it: Installed; before: object; id: string }> {
  const { it, before } = await deadSession()
  const { worktrees } = (await it.run(ALL_LOSSES)).json<Decisions>()
  expect(worktrees).toMatchObject([{ action: 'removed' }])
  return { it, before, id: worktrees[0]?.removalId as string }
}

describe('cleanup that is killed', () => {
  test.each(pointsOf('cleanup', 'remove'))('at %s loses nothing of a tree full of work', async (point) => {
    const { it, before } = await deadSession()
    expect(await it.run(ALL_LOSSES, { env: killAt(point) })).toMatchObject({ signal: 'SIGKILL' })
    passBy(it)
    expect((await statusOf(it)).sessions).toEqual([])
    expect((await it.run(['list', '--json'])).code).toBe(0)

    const next = (await it.run(['cleanup', '--json'])).json<Decisions>()
    const [removal] = await removalsOf(it)
    if (removal === undefined) {
      const reasons = ['staged', 'unstaged', 'untracked', 'unlanded']
      expect(next.worktrees).toMatchObject([{ action: 'kept', reasons }])
    } else {
      expect(existsSync(tree(it))).toBe(false)
      expect((await it.run(['restore', removal.id])).code).toBe(0)
    }
    expect(snapshot(it)).toEqual(before)
    await expectSettled(it)
  })

  test.each(pointsOf('purge'))('at %s while it empties the trash is finished by the next', async (point) => {
    const { it, id } = await removed()
    for (const key of ['trash.keepDays', 'rescue.keepDays']) await it.run(['config', 'set', key, '0'])
    expect(await it.run(['cleanup'], { env: killAt(point) })).toMatchObject({ signal: 'SIGKILL' })
    expect(await removalsOf(it)).toEqual([])

    expect((await it.run(['cleanup'])).code).toBe(0)
    expect(existsSync(join(treesFolder(it), '.parallel-cc-trash'))).toBe(false)
    expect(existsSync(join(commonDir(it), 'parallel-cc', 'removals', id))).toBe(false)
    expect(it.repo.git('for-each-ref', 'refs/parallel-cc')).toBe('')
    await expectSettled(it)
  })
})

describe('stop that is killed', () => {
  test.each(pointsOf('stop', 'remove'))('at %s is finished by what comes next', async (point) => {
    const it = installed()
    await sessionInTree(it)
    expect(await it.run(['stop', 'work'], { env: killAt(point) })).toMatchObject({ signal: 'SIGKILL' })
    passBy(it)

    expect((await statusOf(it)).totalSessions).toBe(point === 'stop:ending' ? 1 : 0)
    expect((await it.run(['stop', 'work'])).code).toBe(point === 'stop:ending' ? 0 : 5)
    expect((await it.run(['cleanup'])).code).toBe(0)
    expect(existsSync(tree(it))).toBe(false)
    expect(await removalsOf(it)).toMatchObject([{ branch: 'work' }])
    await expectSettled(it)
  })

  test.each(pointsOf('stop'))('at %s keeps the work in its tree', async (point) => {
    const it = installed()
    await sessionInTree(it)
    doWork(it)
    const before = snapshot(it)
    await it.run(['stop', 'work'], { env: killAt(point) })
    await it.run(['stop', 'work'])
    await it.run(['cleanup'])
    expect(snapshot(it)).toEqual(before)
    await expectSettled(it)
  })
})

describe('restore that is killed', () => {
  test.each(pointsOf('restore'))('at %s is finished by the next command', async (point) => {
    const { it, before, id } = await removed()
    expect(await it.run(['restore', id], { env: killAt(point) })).toMatchObject({ signal: 'SIGKILL' })
    passBy(it)
    expect((await it.run(['list', '--json'])).code).toBe(0)

    const again = await it.run(['restore', id, '--json'])
    if (point === 'restore:done') expect(again.code).toBe(5)
    else expect(again.json()).toMatchObject({ id, path: tree(it), branch: 'work' })
    expect(snapshot(it)).toEqual(before)
    await expectSettled(it)
  })

  test('and whose place somebody has taken since is not forced: the work waits until the place is free', async () => {
    const { it, before, id } = await removed()
    await it.run(['restore', id], { env: killAt('restore:pointers') })
    writeFileSync(tree(it), 'somebody else’s')
    const blocked = await it.run(['restore', id])
    expect(blocked).toMatchObject({ code: 4, stdout: '' })
    expect(blocked.stderr).toContain(basename(tree(it)))
    expect((await removalsOf(it)).map((row) => row.id)).toEqual([id])
    rmSync(tree(it))
    expect((await it.run(['restore', id])).code).toBe(0)
    expect(snapshot(it)).toEqual(before)
    await expectSettled(it)
  })
})
