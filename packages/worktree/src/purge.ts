import { chmod, lstat, readdir, rm, rmdir, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { WorktreeError } from './errors.js'
import { faultPoint } from './fault.js'
import type { Repo } from './repo.js'
import { movedAdminDir, tidyTrash } from './trash/bring-back.js'
import { errnoOf, fsFailure, takeAway } from './trash/durable.js'
import { lockRemoval, type RemovalActor, unlockRemoval } from './trash/lock.js'
import { type RemovalManifest, readManifest, readManifests, updateManifest } from './trash/manifest.js'
import { isTrashSound, kindOf, removalDir } from './trash/paths.js'
import { deleteRescueRefs } from './trash/rescue.js'

export interface PurgeOptions extends RemovalActor {
  /** Days that a removed tree stays in the trash. */
  keepDays: number
  /** Days that rescue refs stay; they outlive the tree in the trash in any case. */
  rescueKeepDays: number
}

export interface PurgeReport {
  /** Ids of removals whose trees are deleted now. */
  purged: string[]
  /** Names of the rescue refs that are deleted now. */
  expiredRefs: string[]
  /** What could not be purged; it is left for the next time. */
  failed: { id: string; why: string }[]
}

const DAY_MS = 24 * 60 * 60 * 1000

/** Deletes what lies at a path: links as links, nothing on another file system. */
async function deleteTree(path: Buffer, device: bigint): Promise<void> {
  const stat = await lstat(path, { bigint: true })
  if (!stat.isDirectory()) return unlink(path)
  if (stat.dev !== device) {
    throw new WorktreeError('WORKTREE_FS_FAILED', `${path.toString()} is on another file system`, {
      hint: 'Something is mounted in the trash. Unmount it, then clean up again.',
      data: { path: path.toString() },
    })
  }
  // a folder without these rights cannot be emptied by its owner either
  if ((stat.mode & 0o700n) !== 0o700n) await chmod(path, 0o700)
  for (const name of await readdir(path, { encoding: 'buffer' })) {
    await deleteTree(Buffer.concat([path, Buffer.from('/'), name]), device)
  }
  await rmdir(path)
}

async function deleteTrash(manifest: RemovalManifest): Promise<void> {
  const { trashPath } = manifest
  if (!(await isTrashSound(trashPath))) {
    throw new WorktreeError(
      'WORKTREE_FS_FAILED',
      `${trashPath} is not in a real folder, so it is not deleted`,
      {
        hint: 'Look at what put a link there, and delete by hand what is yours.',
        data: { path: trashPath },
      },
    )
  }
  if ((await kindOf(trashPath)) === 'directory') {
    const { dev } = await lstat(dirname(trashPath), { bigint: true })
    await deleteTree(Buffer.from(trashPath), dev)
  }
  await tidyTrash(manifest)
}

async function purgeOne(commonDir: string, manifest: RemovalManifest): Promise<void> {
  // from here on nothing offers to restore it
  const purging = await updateManifest(commonDir, manifest, { state: 'purging' })
  faultPoint('purge:begin')
  await deleteTrash(purging)
  faultPoint('purge:tree')
  const folder = removalDir(commonDir, manifest.id)
  await rm(movedAdminDir(commonDir, manifest.id), { recursive: true, force: true })
  await rm(join(folder, 'branch-reflog'), { force: true })
  await updateManifest(commonDir, purging, { state: 'purged' })
  faultPoint('purge:done')
}

interface Due {
  tree: boolean
  refs: boolean
}

function isDue(manifest: RemovalManifest, options: PurgeOptions): Due {
  const age = Date.parse(options.now) - Date.parse(manifest.removedAt)
  const held = manifest.state === 'removed'
  const tree = manifest.state === 'purging' || (held && age > options.keepDays * DAY_MS)
  const isOver = manifest.state === 'purged' || manifest.state === 'restored'
  return { tree, refs: age > options.rescueKeepDays * DAY_MS && (tree || isOver) }
}

async function purgeLocked(
  repo: Pick<Repo, 'commonDir'>,
  id: string,
  options: PurgeOptions,
): Promise<PurgeReport> {
  const report: PurgeReport = { purged: [], expiredRefs: [], failed: [] }
  try {
    // read again under the lock: somebody may be restoring it
    const manifest = await readManifest(repo.commonDir, id)
    if (manifest === null || typeof manifest === 'string') return report
    const due = isDue(manifest, options)
    if (due.tree) {
      await purgeOne(repo.commonDir, manifest)
      report.purged.push(id)
    }
    if (due.refs) {
      report.expiredRefs.push(...(await deleteRescueRefs(repo.commonDir, id)))
      faultPoint('purge:refs')
      await takeAway(removalDir(repo.commonDir, id))
    }
  } catch (error) {
    if (!(error instanceof WorktreeError) && errnoOf(error) === null) throw error
    report.failed.push({ id, why: (fsFailure(`purge removal ${id}`, error) as Error).message })
  }
  return report
}

/**
 * Deletes trees that have lain in the trash for longer than `keepDays`, and rescue refs older than `rescueKeepDays` whose tree is
 * not in the trash any more. The only place in the product that deletes work; nothing but a clean-up calls it. A removal that
 * another process works on is passed over.
 *
 * @throws WorktreeError `WORKTREE_FS_FAILED` when the folder of the removals cannot be read
 */
export async function purgeTrash(repo: Pick<Repo, 'commonDir'>, options: PurgeOptions): Promise<PurgeReport> {
  const report: PurgeReport = { purged: [], expiredRefs: [], failed: [] }
  const { manifests } = await readManifests(repo.commonDir)
  for (const manifest of manifests) {
    const due = isDue(manifest, options)
    if (!due.tree && !due.refs) continue
    const folder = removalDir(repo.commonDir, manifest.id)
    const lock = await lockRemoval(folder, options)
    if (lock === null) continue
    const done = await purgeLocked(repo, manifest.id, options)
    await unlockRemoval(folder, lock)
    report.purged.push(...done.purged)
    report.expiredRefs.push(...done.expiredRefs)
    report.failed.push(...done.failed)
  }
  return report
}
