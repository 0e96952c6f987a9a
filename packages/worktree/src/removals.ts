import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { WorktreeError } from './errors.js'
import { faultPoint } from './fault.js'
import { listWorktrees } from './list.js'
import type { Repo } from './repo.js'
import { branchInTheWay, branchTip } from './trash/branch.js'
import { BRING_BACK_STEPS, bringBack, locateTree, pathTaken, tidyTrash } from './trash/bring-back.js'
import { fsFailure } from './trash/durable.js'
import { busyRemoval, lockRemoval, type RemovalActor, unlockRemoval } from './trash/lock.js'
import {
  type BrokenRemoval,
  type RemovalManifest,
  readManifest,
  readManifests,
  removalNotFound,
  updateManifest,
} from './trash/manifest.js'
import { isTrashSound, kindOf, removalDir, rescuePrefix } from './trash/paths.js'

export interface RemovalRecord {
  id: string
  path: string
  branch: string | null
  removedAt: string
  /** In short words what became of its commits (`landed`, `no-work`, `on-other-ref`) and what was discarded. */
  reasons: string[]
  head: string
  rescueRef: string
}

export interface RestoredTree {
  id: string
  path: string
  branch: string | null
}

/** The fault points of a restore, in their order. */
export const RESTORE_FAULT_POINTS: readonly string[] = ['begin', ...BRING_BACK_STEPS, 'tidy', 'done'].map(
  (name) => `restore:${name}`,
)

async function whyNotRestorable(manifest: RemovalManifest): Promise<string | null> {
  if (!(await isTrashSound(manifest.trashPath))) return `${manifest.trashPath} is not in a real folder`
  const location = await locateTree(manifest)
  if (location === 'trash' || (location === 'home' && manifest.state === 'restoring')) return null
  return `its tree is not at ${manifest.trashPath} any more`
}

function toRecord({ id, path, branch, removedAt, reasons, head }: RemovalManifest): RemovalRecord {
  return { id, path, branch, removedAt, reasons, head, rescueRef: `${rescuePrefix(id)}/head` }
}

/**
 * What can be restored, newest first, and which folders among the removals cannot be used, each with the reason.
 *
 * @throws WorktreeError `WORKTREE_FS_FAILED` when the folder of the removals cannot be read
 */
export async function readRemovals(
  repo: Pick<Repo, 'commonDir'>,
): Promise<{ removals: RemovalRecord[]; broken: BrokenRemoval[] }> {
  const { manifests, broken } = await readManifests(repo.commonDir)
  const removals: RemovalRecord[] = []
  for (const manifest of manifests) {
    if (manifest.state !== 'removed' && manifest.state !== 'restoring') continue
    const why = await whyNotRestorable(manifest)
    if (why === null) removals.push(toRecord(manifest))
    else broken.push({ id: manifest.id, why })
  }
  return { removals, broken }
}

/** What can be restored, newest first. */
export async function listRemovals(repo: Pick<Repo, 'commonDir'>): Promise<RemovalRecord[]> {
  return (await readRemovals(repo)).removals
}

async function findRemoval(commonDir: string, wanted: string): Promise<RemovalManifest> {
  const { manifests, broken } = await readManifests(commonDir)
  const held = manifests.filter(({ state }) => state === 'removed' || state === 'restoring')
  const matching = held.filter(({ id }) => wanted !== '' && id.startsWith(wanted))
  const found = matching.find(({ id }) => id === wanted) ?? (matching.length === 1 ? matching[0] : undefined)
  if (found !== undefined) return found
  if (matching.length > 1) {
    throw new WorktreeError(
      'WORKTREE_REMOVAL_NOT_FOUND',
      `'${wanted}' is the beginning of several removals`,
      {
        hint: `Name one of them: ${matching.map(({ id }) => id).join(', ')}`,
        data: { id: wanted, candidates: matching.map(({ id }) => id) },
      },
    )
  }
  const damaged = broken.find(({ id }) => id === wanted)
  if (damaged === undefined) throw removalNotFound(wanted)
  throw new WorktreeError(
    'WORKTREE_REMOVAL_NOT_FOUND',
    `removal '${wanted}' cannot be used: ${damaged.why}`,
    {
      hint: `Its commits are still at ${rescuePrefix(wanted)}/head.`,
      data: { ...damaged },
    },
  )
}

function blocked(manifest: RemovalManifest, message: string, hint: string): WorktreeError {
  const { id, path, branch } = manifest
  return new WorktreeError('WORKTREE_RESTORE_BLOCKED', message, { hint, data: { id, path, branch } })
}

/** Says what stands in the way of a restore, before anything is touched. */
async function requireWay(repo: Repo, manifest: RemovalManifest): Promise<void> {
  const { id, branch, path, head } = manifest
  const why = await whyNotRestorable(manifest)
  if (why !== null) {
    throw new WorktreeError('WORKTREE_REMOVAL_NOT_FOUND', `removal ${id} cannot come back: ${why}`, {
      hint: `Its commits are still there: git branch <name> ${rescuePrefix(id)}/head`,
      data: { id, path },
    })
  }
  if ((await locateTree(manifest)) === 'trash' && (await kindOf(path)) !== 'none') throw pathTaken(manifest)
  if (branch === null) return
  const again = `then run \`parallel-cc restore ${id}\` again.`
  const user = (await listWorktrees(repo)).find((entry) => entry.branch === branch && entry.path !== path)
  if (user !== undefined) {
    throw blocked(
      manifest,
      `branch '${branch}' is checked out at ${user.path}`,
      `Switch that tree to another branch, ${again}`,
    )
  }
  const tip = await branchTip(repo.commonDir, branch)
  if (tip === head) return
  const inTheWay = tip === null ? await branchInTheWay(repo.commonDir, branch) : null
  if (inTheWay !== null) {
    throw blocked(
      manifest,
      `branch '${branch}' cannot be while there is '${inTheWay}'`,
      `Rename '${inTheWay}', ${again}`,
    )
  }
  if (tip === null) return
  const message = `branch '${branch}' is at ${tip.slice(0, 12)} now, the removed tree was at ${head.slice(0, 12)}`
  throw blocked(manifest, message, `Rename it (git branch -m ${branch} <other name>), ${again}`)
}

/** Finishes a restore whose removal is locked by the caller. Can be repeated after a crash at any point. */
export async function carryRestoreOut(repo: Repo, manifest: RemovalManifest): Promise<RestoredTree> {
  const { commonDir } = repo
  await requireWay(repo, manifest)
  const begun = await updateManifest(commonDir, manifest, { state: 'restoring' })
  faultPoint('restore:begin')
  const back = await bringBack(commonDir, begun, (step) => faultPoint(`restore:${step}`))
  await tidyRestored(commonDir, back)
  faultPoint('restore:tidy')
  await updateManifest(commonDir, back, { state: 'restored' })
  faultPoint('restore:done')
  return { id: back.id, path: back.path, branch: back.branch }
}

/** Takes away what a restore leaves; the manifest stays as long as the rescue refs do. */
async function tidyRestored(commonDir: string, manifest: RemovalManifest): Promise<void> {
  await tidyTrash(manifest)
  const folder = removalDir(commonDir, manifest.id)
  for (const name of ['branch-reflog', 'branch-reflog.copy', 'branch-config.json']) {
    await rm(join(folder, name), { force: true })
  }
}

/**
 * Brings a removed tree back as it was, byte for byte: branch, reflogs, index, files, modes, links, a parked operation. `id` may be
 * the beginning of one. Its rescue refs stay until their time is over.
 *
 * @throws WorktreeError `WORKTREE_REMOVAL_NOT_FOUND`; `WORKTREE_RESTORE_BLOCKED` when the path is taken, the branch has moved or is
 * checked out elsewhere, or another process works on this removal; `WORKTREE_FS_FAILED`, `WORKTREE_GIT_FAILED`
 */
export async function restoreRemoval(repo: Repo, id: string, actor: RemovalActor): Promise<RestoredTree> {
  const { commonDir } = repo
  const found = await findRemoval(commonDir, id)
  const folder = removalDir(commonDir, found.id)
  const lock = await lockRemoval(folder, actor)
  if (lock === null)
    throw (await kindOf(folder)) === 'none' ? removalNotFound(found.id) : busyRemoval(found.id)
  try {
    // read again under the lock: another process may have restored it in between
    const manifest = await readManifest(commonDir, found.id)
    if (manifest === null || typeof manifest === 'string') throw removalNotFound(found.id)
    if (manifest.state !== 'removed' && manifest.state !== 'restoring') throw removalNotFound(found.id)
    return await carryRestoreOut(repo, manifest)
  } catch (error) {
    throw fsFailure(`restore ${found.path}`, error)
  } finally {
    await unlockRemoval(folder, lock)
  }
}
