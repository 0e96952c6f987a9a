import { join } from 'node:path'
import { WorktreeError } from './errors.js'
import { carryRestoreOut } from './removals.js'
import type { Repo } from './repo.js'
import { printAdmin } from './trash/admin.js'
import { locateTree, movedAdminDir, undoRemoval } from './trash/bring-back.js'
import { errnoOf, renameDurably } from './trash/durable.js'
import { clearDrafts } from './trash/journal.js'
import { lockRemoval, type RemovalActor, unlockRemoval } from './trash/lock.js'
import { type RemovalManifest, readManifest, readManifests, updateManifest } from './trash/manifest.js'
import { kindOf, removalDir } from './trash/paths.js'

/** What became of one removal or restore that was cut off. */
export interface RemovalRepair {
  id: string
  /** `null` for a draft: it had not begun. */
  path: string | null
  /**
   * `undone`: the tree is where it was. `completed`: the removal is whole and can be restored. `restored`: the restore is whole.
   * `blocked`: nothing was changed, see `message`. `busy`: a live process works on it. `broken`: its journal cannot be used.
   */
  action: 'undone' | 'completed' | 'restored' | 'blocked' | 'busy' | 'broken' | 'draft-cleared'
  message: string
}

type Done = Pick<RemovalRepair, 'action' | 'message'>

/** Finishes a removal whose tree cannot go back. Nothing is deleted for it. */
async function completeRemoval(commonDir: string, manifest: RemovalManifest): Promise<void> {
  const admin = join(commonDir, 'worktrees', manifest.adminName)
  const moved = movedAdminDir(commonDir, manifest.id)
  if ((await kindOf(moved)) === 'none' && (await kindOf(admin)) === 'directory')
    await renameDurably(admin, moved)
  await updateManifest(commonDir, manifest, { state: 'removed' })
}

async function repairRemoving(commonDir: string, manifest: RemovalManifest): Promise<Done> {
  const { path, trashPath } = manifest
  const location = await locateTree(manifest)
  if (location === 'nowhere')
    return { action: 'blocked', message: `the tree is neither at ${path} nor at ${trashPath}` }
  const moved = movedAdminDir(commonDir, manifest.id)
  const isWhole = location === 'trash' && (await kindOf(moved)) === 'directory'
  if (isWhole && (await printAdmin(moved)) === manifest.adminPrint) {
    await updateManifest(commonDir, manifest, { state: 'removed' })
    return { action: 'completed', message: `the removal of ${path} was all but done` }
  }
  if (location === 'trash' && (await kindOf(path)) !== 'none') {
    await completeRemoval(commonDir, manifest)
    return { action: 'completed', message: `something else is at ${path}, so its tree stays in the trash` }
  }
  await undoRemoval(commonDir, manifest)
  return { action: 'undone', message: `the removal of ${path} was cut off; the tree is as it was` }
}

async function repairOne(repo: Repo, manifest: RemovalManifest): Promise<Done | null> {
  if (manifest.state === 'removing') return repairRemoving(repo.commonDir, manifest)
  if (manifest.state === 'restoring') {
    await carryRestoreOut(repo, manifest)
    return { action: 'restored', message: `the restore of ${manifest.path} is done` }
  }
  return null
}

async function repairLocked(repo: Repo, id: string): Promise<Done | null> {
  try {
    // read again under the lock: its owner may have finished in between
    const manifest = await readManifest(repo.commonDir, id)
    return manifest === null || typeof manifest === 'string' ? null : await repairOne(repo, manifest)
  } catch (error) {
    if (!(error instanceof WorktreeError) && errnoOf(error) === null) throw error
    return { action: 'blocked', message: (error as Error).message }
  }
}

function needsRepair({ state }: RemovalManifest): boolean {
  return state === 'removing' || state === 'restoring'
}

/**
 * Brings removals and restores that were cut off to an end: a removal is undone, or finished when all of it had happened; a restore
 * is finished. What a live process works on is left alone. Loses nothing: what cannot be repaired is reported and left as it is.
 *
 * @throws WorktreeError `WORKTREE_FS_FAILED` when the folder of the removals cannot be read
 */
export async function repairRemovals(repo: Repo, actor: RemovalActor): Promise<RemovalRepair[]> {
  const reports: RemovalRepair[] = []
  for (const id of await clearDrafts(repo.commonDir, actor)) {
    reports.push({ id, path: null, action: 'draft-cleared', message: `removal ${id} had not begun` })
  }
  const { manifests, broken } = await readManifests(repo.commonDir)
  for (const { id, why } of broken) reports.push({ id, path: null, action: 'broken', message: why })
  for (const { id, path } of manifests.filter(needsRepair)) {
    const folder = removalDir(repo.commonDir, id)
    const lock = await lockRemoval(folder, actor)
    if (lock === null) {
      reports.push({ id, path, action: 'busy', message: `another process is working on removal ${id}` })
      continue
    }
    const done = await repairLocked(repo, id)
    await unlockRemoval(folder, lock)
    if (done !== null) reports.push({ id, path, ...done })
  }
  return reports
}
