import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { writeFiles } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'
import { purgeTrash } from '../src/purge.js'
import { listRemovals, restoreRemoval } from '../src/removals.js'
import { repairRemovals } from '../src/repair-removals.js'
import { type RemovalManifest, readManifest, updateManifest } from '../src/trash/manifest.js'
import { removalDir, trashTreePath } from '../src/trash/paths.js'
import {
  ACTOR,
  addTree,
  DISCARD_ALL,
  exists,
  type Ground,
  ground,
  remove,
  type Tree,
} from './nothing-lost/ground.js'

const KEEP = { keepDays: 14, rescueKeepDays: 90 }

function daysLater(days: number): string {
  return new Date(Date.parse(ACTOR.now) + days * 86_400_000).toISOString()
}

async function removed(): Promise<{ on: Ground; tree: Tree; tip: string }> {
  const on = await ground()
  const tree = addTree(on)
  const tip = on.git.commit('work', { w: 'w' }, tree.path)
  writeFiles(tree.path, { 'un/tracked': 'u' })
  await remove(on, tree.path, { gate: { discard: DISCARD_ALL } })
  return { on, tree, tip }
}

describe('purgeTrash', () => {
  it('keeps a tree for its days, then deletes it, and keeps the rescue refs for theirs', async () => {
    const { on, tree, tip } = await removed()
    const at = (days: number): ReturnType<typeof purgeTrash> =>
      purgeTrash(on.repo, { ...ACTOR, ...KEEP, now: daysLater(days) })
    expect(await at(14)).toEqual({ purged: [], expiredRefs: [], failed: [] })
    expect(existsSync(trashTreePath(tree.path, 'r1'))).toBe(true)

    expect(await at(15)).toEqual({ purged: ['r1'], expiredRefs: [], failed: [] })
    expect(existsSync(join(tree.path, '..', '.parallel-cc-trash'))).toBe(false)
    expect(await listRemovals(on.repo)).toEqual([])
    await expect(restoreRemoval(on.repo, 'r1', ACTOR)).rejects.toMatchObject({
      code: 'WORKTREE_REMOVAL_NOT_FOUND',
    })
    expect(exists(on, tip)).toBe(true)

    expect(await at(90)).toEqual({ purged: [], expiredRefs: [], failed: [] })
    expect(await at(91)).toEqual({ purged: [], expiredRefs: ['refs/parallel-cc/rescue/r1/head'], failed: [] })
    expect(on.git.git('for-each-ref', 'refs/parallel-cc')).toBe('')
    expect(readdirSync(join(on.repo.commonDir, 'parallel-cc/removals'))).toEqual([])
  })

  it('does not expire the rescue refs of a tree that is still in the trash', async () => {
    const { on } = await removed()
    const options = { ...ACTOR, keepDays: 365, rescueKeepDays: 1, now: daysLater(100) }
    expect(await purgeTrash(on.repo, options)).toEqual({ purged: [], expiredRefs: [], failed: [] })
    await restoreRemoval(on.repo, 'r1', ACTOR)
    expect((await purgeTrash(on.repo, options)).expiredRefs).toEqual(['refs/parallel-cc/rescue/r1/head'])
  })

  it('deletes links as links, read-only folders and odd names, and nothing outside', async () => {
    const on = await ground()
    const tree = addTree(on)
    const outside = join(on.git.base, 'outside')
    writeFiles(outside, { precious: 'p' })
    symlinkSync(outside, join(tree.path, 'folder-link'))
    symlinkSync(join(outside, 'precious'), join(tree.path, 'file-link'))
    writeFiles(tree.path, { 'locked/in/here': 'x' })
    writeFileSync(Buffer.concat([Buffer.from(`${tree.path}/bytes-`), Buffer.from([0xff, 0xfe])]), 'not UTF-8')
    chmodSync(join(tree.path, 'locked/in'), 0o000)
    chmodSync(join(tree.path, 'locked'), 0o555)
    await remove(on, tree.path, { gate: { discard: DISCARD_ALL, keepIgnored: [] } })
    expect((await purgeTrash(on.repo, { ...ACTOR, ...KEEP, now: daysLater(20) })).purged).toEqual(['r1'])
    expect(existsSync(join(tree.path, '..', '.parallel-cc-trash'))).toBe(false)
    expect(readdirSync(outside)).toEqual(['precious'])
  })

  it('refuses a trash that has become a link', async () => {
    const { on, tree } = await removed()
    const trash = dirname(dirname(trashTreePath(tree.path, 'r1')))
    renameSync(trash, join(on.git.base, 'moved'))
    symlinkSync(join(on.git.base, 'moved'), trash)
    const report = await purgeTrash(on.repo, { ...ACTOR, ...KEEP, now: daysLater(20) })
    expect(report).toMatchObject({ purged: [], failed: [{ id: 'r1' }] })
    expect(existsSync(join(on.git.base, 'moved/r1/tree/un/tracked'))).toBe(true)
  })

  it('leaves what a live process works on', async () => {
    const { on, tree } = await removed()
    writeFileSync(
      join(removalDir(on.repo.commonDir, 'r1'), 'lock-000009.json'),
      JSON.stringify({ owner: ACTOR.owner }),
    )
    const report = await purgeTrash(on.repo, { ...ACTOR, ...KEEP, now: daysLater(100) })
    expect(report).toEqual({ purged: [], expiredRefs: [], failed: [] })
    expect(existsSync(trashTreePath(tree.path, 'r1'))).toBe(true)
  })

  it('goes on with a purge that was cut off, which nothing offers to restore', async () => {
    const { on, tree } = await removed()
    const manifest = (await readManifest(on.repo.commonDir, 'r1')) as RemovalManifest
    await updateManifest(on.repo.commonDir, manifest, { state: 'purging' })
    expect(await listRemovals(on.repo)).toEqual([])
    expect(await repairRemovals(on.repo, ACTOR)).toEqual([])
    expect((await purgeTrash(on.repo, { ...ACTOR, ...KEEP })).purged).toEqual(['r1'])
    expect(existsSync(trashTreePath(tree.path, 'r1'))).toBe(false)
  })

  it('leaves other things that somebody put into the trash', async () => {
    const { on, tree } = await removed()
    const trash = join(tree.path, '..', '.parallel-cc-trash')
    mkdirSync(join(trash, 'mine'))
    await purgeTrash(on.repo, { ...ACTOR, ...KEEP, now: daysLater(20) })
    expect(readdirSync(trash).toSorted()).toEqual(['.gitignore', 'mine'])
  })
})
