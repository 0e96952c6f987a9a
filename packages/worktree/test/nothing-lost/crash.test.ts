import { execFile } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleFixture, writeFiles } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'
import { listRemovals, RESTORE_FAULT_POINTS, restoreRemoval } from '../../src/removals.js'
import { REMOVE_FAULT_POINTS } from '../../src/remove.js'
import { repairRemovals } from '../../src/repair-removals.js'
import { removalDir } from '../../src/trash/paths.js'
import {
  ACTOR,
  addTree,
  type Ground,
  ground,
  judge,
  NOW,
  type Snapshot,
  snapshot,
  type Tree,
} from './ground.js'

const program = fileURLToPath(new URL('../fixtures/removals.ts', import.meta.url))

interface Ran {
  signal: NodeJS.Signals | null
  output: unknown
}

async function run(on: Ground, request: Record<string, unknown>, fault?: string): Promise<Ran> {
  const file = await bundleFixture(program)
  const env = {
    ...on.git.env,
    ...(fault === undefined ? {} : { PARALLEL_CC_FAULT: fault, PARALLEL_CC_FAULTS_ALLOWED: '1' }),
  }
  const input = JSON.stringify({ root: on.git.root, id: 'r1', now: NOW, ...request })
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [file, input], { env }, (error, stdout, stderr) => {
      if (error !== null && child.signalCode === null) reject(new Error(stderr))
      else resolve({ signal: child.signalCode, output: stdout === '' ? null : JSON.parse(stdout) })
    })
  })
}

/** What somebody else does meanwhile. The reflogs' old fixed dates would make gc shorten them in any case. */
function passBy({ git }: Ground): void {
  git.git('worktree', 'prune')
  git.git(
    '-c',
    'gc.reflogExpire=never',
    '-c',
    'gc.reflogExpireUnreachable=never',
    'gc',
    '--quiet',
    '--prune=now',
  )
}

/** A tree with work of every kind in it. */
async function busyTree(): Promise<{ on: Ground; tree: Tree; before: Snapshot }> {
  const on = await ground()
  const tree = addTree(on)
  on.git.commit('work', { work: 'w' }, tree.path)
  on.git.commit('dropped', { dropped: 'd' }, tree.path)
  on.git.gitIn(tree.path, 'reset', '-q', '--hard', 'HEAD~1')
  on.git.git('config', 'branch.alpha.remote', '.')
  on.git.git('config', 'branch.alpha.merge', 'refs/heads/main')
  writeFiles(tree.path, { 'README.md': 'staged\n' })
  on.git.gitIn(tree.path, 'add', '-A')
  writeFiles(tree.path, { 'README.md': 'unstaged\n', untracked: 'u\n' })
  return { on, tree, before: snapshot(on, tree) }
}

function leftovers(on: Ground, tree: Tree): unknown {
  const removals = join(on.repo.commonDir, 'parallel-cc', 'removals')
  return {
    removals: existsSync(removals) ? readdirSync(removals) : [],
    beside: readdirSync(join(tree.path, '..')),
    refs: on.git.git('for-each-ref', '--format=%(refname)', 'refs/parallel-cc'),
  }
}

describe('a removal that is killed', () => {
  it.each(REMOVE_FAULT_POINTS)('at %s loses nothing, and is repaired', async (point) => {
    const { on, tree, before } = await busyTree()
    expect(await run(on, { action: 'remove', path: tree.path }, point)).toMatchObject({ signal: 'SIGKILL' })
    passBy(on)

    const actions = (await repairRemovals(on.repo, ACTOR)).map(({ action }) => action)
    const isOver = point === 'remove:done'
    expect(actions).toHaveLength(isOver ? 0 : 1)
    expect(['undone', 'completed']).toEqual(expect.arrayContaining(actions))
    const isRemoved = isOver || actions[0] === 'completed'
    expect((await listRemovals(on.repo)).map(({ id }) => id)).toEqual(isRemoved ? ['r1'] : [])
    expect(leftovers(on, tree)).toMatchObject(isRemoved ? {} : { removals: [], beside: ['alpha'], refs: '' })
    if (isRemoved) await restoreRemoval(on.repo, 'r1', ACTOR)
    expect(snapshot(on, tree)).toEqual(before)
    expect(await repairRemovals(on.repo, ACTOR)).toEqual([])
    expect((await judge(on, tree.path)).reasons.map(({ reason }) => reason)).toEqual([
      'staged',
      'unstaged',
      'untracked',
      'unlanded',
    ])
  })

  it('is left alone while its process lives', async () => {
    const { on, tree } = await busyTree()
    await run(on, { action: 'remove', path: tree.path }, 'remove:tree')
    const alive = { ...ACTOR, isAlive: () => true }
    expect(await repairRemovals(on.repo, alive)).toMatchObject([
      { id: 'r1', path: tree.path, action: 'busy' },
    ])
    expect(existsSync(tree.path)).toBe(false)
    expect(await repairRemovals(on.repo, ACTOR)).toMatchObject([{ action: 'undone' }])
  })

  it('is finished when something else has taken the path since', async () => {
    const { on, tree, before } = await busyTree()
    await run(on, { action: 'remove', path: tree.path }, 'remove:tree')
    mkdirSync(tree.path)
    writeFileSync(join(tree.path, 'newcomer'), 'n')
    expect(await repairRemovals(on.repo, ACTOR)).toMatchObject([{ action: 'completed' }])
    expect(existsSync(join(tree.path, 'newcomer'))).toBe(true)
    await expect(restoreRemoval(on.repo, 'r1', ACTOR)).rejects.toMatchObject({
      code: 'WORKTREE_RESTORE_BLOCKED',
    })
    rmSync(tree.path, { recursive: true })
    await restoreRemoval(on.repo, 'r1', ACTOR)
    expect(snapshot(on, tree)).toEqual(before)
  })

  it('is undone when git was used in the tree at its last moment', async () => {
    const { on, tree, before } = await busyTree()
    await run(on, { action: 'remove', path: tree.path }, 'remove:admin')
    appendFileSync(join(removalDir(on.repo.commonDir, 'r1'), 'admin/logs/HEAD'), 'late\n')
    expect(await repairRemovals(on.repo, ACTOR)).toMatchObject([{ action: 'undone' }])
    expect({ ...snapshot(on, tree), admin: null }).toEqual({ ...before, admin: null })
  })

  it('is reported and left when its tree is nowhere', async () => {
    const { on, tree } = await busyTree()
    await run(on, { action: 'remove', path: tree.path }, 'remove:rescue')
    rmSync(tree.path, { recursive: true })
    expect(await repairRemovals(on.repo, ACTOR)).toMatchObject([{ id: 'r1', action: 'blocked' }])
    expect(on.git.git('rev-parse', 'refs/parallel-cc/rescue/r1/head')).toBe(on.git.git('rev-parse', 'alpha'))
  })

  it('does not keep a second removal from the tree once it is repaired', async () => {
    const { on, tree } = await busyTree()
    await run(on, { action: 'remove', path: tree.path }, 'remove:lock')
    expect(await run(on, { action: 'remove', path: tree.path, id: 'r2' })).toMatchObject({
      output: { outcome: 'kept', reasons: [{ reason: 'locked' }] },
    })
    await run(on, { action: 'repair' })
    expect(await run(on, { action: 'remove', path: tree.path, id: 'r2' })).toMatchObject({
      output: { outcome: 'removed' },
    })
  })
})

describe('a restore that is killed', () => {
  it.each(RESTORE_FAULT_POINTS)('at %s loses nothing, and is repaired', async (point) => {
    const { on, tree, before } = await busyTree()
    await run(on, { action: 'remove', path: tree.path })
    expect(await run(on, { action: 'restore' }, point)).toMatchObject({ signal: 'SIGKILL' })
    passBy(on)
    const reports = await repairRemovals(on.repo, ACTOR)
    expect(reports.map(({ action }) => action)).toEqual(point === 'restore:done' ? [] : ['restored'])
    expect(snapshot(on, tree)).toEqual(before)
    expect(await repairRemovals(on.repo, ACTOR)).toEqual([])
    expect(readdirSync(join(tree.path, '..'))).toEqual(['alpha'])
  })

  it.each(RESTORE_FAULT_POINTS.slice(0, -1))('at %s can be asked for again instead', async (point) => {
    const { on, tree, before } = await busyTree()
    await run(on, { action: 'remove', path: tree.path })
    await run(on, { action: 'restore' }, point)
    expect((await listRemovals(on.repo)).map(({ id }) => id)).toEqual(['r1'])
    await restoreRemoval(on.repo, 'r1', ACTOR)
    expect(snapshot(on, tree)).toEqual(before)
  })

  it('waits when something stands in its way', async () => {
    const { on, tree, before } = await busyTree()
    await run(on, { action: 'remove', path: tree.path })
    await run(on, { action: 'restore' }, 'restore:admin')
    mkdirSync(tree.path)
    expect(await repairRemovals(on.repo, ACTOR)).toMatchObject([{ action: 'blocked' }])
    rmSync(tree.path, { recursive: true })
    expect(await repairRemovals(on.repo, ACTOR)).toMatchObject([{ action: 'restored' }])
    expect(snapshot(on, tree)).toEqual(before)
  })
})

describe('repair', () => {
  it('takes away the draft of a removal that had not begun, when it is old', async () => {
    const { on, tree, before } = await busyTree()
    const draft = join(removalDir(on.repo.commonDir, 'r1'), '..', '.new-r1')
    mkdirSync(draft, { recursive: true })
    const soon = new Date().toISOString()
    expect(await repairRemovals(on.repo, { ...ACTOR, now: soon })).toEqual([])
    const later = new Date(Date.parse(soon) + 2 * 3600_000).toISOString()
    expect(await repairRemovals(on.repo, { ...ACTOR, now: later })).toMatchObject([
      { id: 'r1', action: 'draft-cleared' },
    ])
    expect(existsSync(draft)).toBe(false)
    expect(snapshot(on, tree)).toEqual(before)
  })

  it('takes away a draft at once when its process is gone, however young and empty it is, and none of a living one', async () => {
    const { on } = await busyTree()
    const named = (pid: number): string => {
      const text = Buffer.from(JSON.stringify([pid, ACTOR.owner.processStart])).toString('base64url')
      return join(removalDir(on.repo.commonDir, 'r1'), '..', `.new-r${pid}.${text}`)
    }
    const [living, dead] = [named(ACTOR.owner.pid), named(ACTOR.owner.pid + 1)]
    const going = join(living, '..', '.gone-r9-1-1')
    mkdirSync(living, { recursive: true })
    mkdirSync(dead)
    mkdirSync(join(going, 'deep'), { recursive: true })
    const now = new Date().toISOString()
    expect(await repairRemovals(on.repo, { ...ACTOR, now })).toMatchObject([
      { id: `r${ACTOR.owner.pid + 1}`, action: 'draft-cleared' },
    ])
    expect([existsSync(living), existsSync(dead), existsSync(going)]).toEqual([true, false, false])
  })

  it('names what it cannot use and leaves it', async () => {
    const { on } = await busyTree()
    writeFiles(removalDir(on.repo.commonDir, 'bad'), { 'manifest.json': '{"half' })
    expect(await repairRemovals(on.repo, ACTOR)).toEqual([
      { id: 'bad', path: null, action: 'broken', message: 'its manifest is not JSON' },
    ])
    expect(existsSync(join(removalDir(on.repo.commonDir, 'bad'), 'manifest.json'))).toBe(true)
  })

  it('lets one of several repairers win', async () => {
    const { on, tree, before } = await busyTree()
    await run(on, { action: 'remove', path: tree.path }, 'remove:branch')
    const reports = await Promise.all(Array.from({ length: 4 }, () => run(on, { action: 'repair' })))
    const actions = reports.flatMap(({ output }) =>
      (output as { action: string }[]).map(({ action }) => action),
    )
    expect(actions.filter((action) => action === 'undone')).toHaveLength(1)
    expect(snapshot(on, tree)).toEqual(before)
  })
})
