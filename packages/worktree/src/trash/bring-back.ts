import { open, readdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { WorktreeError } from '../errors.js'
import { freeAdminName, mendPointers, putAdminBack, takeAdminName, unlockTree } from './admin.js'
import { branchTip, isBranchSaved, putBranchBack } from './branch.js'
import { errnoOf, renameDurably, takeAway } from './durable.js'
import { type RemovalManifest, updateManifest } from './manifest.js'
import { kindOf, removalDir } from './paths.js'
import { deleteRescueRefs } from './rescue.js'

/** Where the tree of a removal is, told by what lies there. */
export type TreeLocation = 'home' | 'trash' | 'nowhere'

export async function locateTree(manifest: RemovalManifest): Promise<TreeLocation> {
  if ((await kindOf(manifest.trashPath)) === 'directory') return 'trash'
  return (await kindOf(manifest.path)) === 'directory' ? 'home' : 'nowhere'
}

/** The folder in a removal's own that holds the admin directory meanwhile. */
export function movedAdminDir(commonDir: string, id: string): string {
  return join(removalDir(commonDir, id), 'admin')
}

/** Called after each step with its name; a step that has been done is passed over when the whole is repeated. */
export type AfterStep = (step: BringBackStep) => void

export const BRING_BACK_STEPS = ['branch', 'name', 'admin', 'pointers', 'tree', 'unlock'] as const
export type BringBackStep = (typeof BRING_BACK_STEPS)[number]

async function returnAdmin(
  commonDir: string,
  manifest: RemovalManifest,
  after: AfterStep,
): Promise<RemovalManifest> {
  const moved = movedAdminDir(commonDir, manifest.id)
  if ((await kindOf(moved)) === 'none') return manifest
  let current = manifest
  let again = manifest.restoredAdminName !== null
  for (;;) {
    const name = again ? current.restoredAdminName! : await freeAdminName(commonDir, manifest.adminName)
    // known before the folder exists, so that a repetition knows the empty folder to be its own
    if (!again) current = await updateManifest(commonDir, current, { restoredAdminName: name })
    if (await takeAdminName(commonDir, name, again)) {
      after('name')
      await putAdminBack(moved, join(commonDir, 'worktrees', name))
      return current
    }
    again = false
  }
}

async function returnTree(manifest: RemovalManifest): Promise<void> {
  if ((await locateTree(manifest)) !== 'trash') return
  if ((await kindOf(manifest.path)) !== 'none') throw pathTaken(manifest)
  await renameDurably(manifest.trashPath, manifest.path)
}

/** The error for a removal that cannot come back because something stands where its tree stood. */
export function pathTaken(manifest: RemovalManifest): WorktreeError {
  return new WorktreeError('WORKTREE_RESTORE_BLOCKED', `something else is at ${manifest.path} now`, {
    hint: `Move ${manifest.path} away, then run \`parallel-cc restore ${manifest.id}\` again.`,
    data: { id: manifest.id, path: manifest.path },
  })
}

/**
 * Puts branch, admin directory and tree of a removal back where they were, as far as they are not there. Can be stopped at any
 * point and repeated.
 *
 * @throws WorktreeError `WORKTREE_RESTORE_BLOCKED` when something stands at the path
 */
export async function bringBack(
  commonDir: string,
  manifest: RemovalManifest,
  after: AfterStep,
): Promise<RemovalManifest> {
  const { id, branch, head, path } = manifest
  if (branch !== null) await putBranchBack({ commonDir, folder: removalDir(commonDir, id), branch, head })
  after('branch')
  const current = await returnAdmin(commonDir, manifest, after)
  after('admin')
  const adminDir = join(commonDir, 'worktrees', current.restoredAdminName ?? current.adminName)
  const inTrash = (await locateTree(current)) === 'trash'
  if (inTrash) await mendPointers({ path, treePath: current.trashPath, adminDir })
  after('pointers')
  await returnTree(current)
  after('tree')
  await unlockTree(adminDir, id)
  after('unlock')
  return current
}

async function removeEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder)
  } catch (error) {
    const code = errnoOf(error)
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
  }
}

/** Takes away the folders of a removal in the trash, as far as nothing is left in them. */
export async function tidyTrash(manifest: RemovalManifest): Promise<void> {
  const folder = dirname(manifest.trashPath)
  const trash = dirname(folder)
  await removeEmpty(folder)
  if ((await kindOf(trash)) !== 'directory') return
  const left = await readdir(trash)
  if (left.length > 0 && (left.length > 1 || left[0] !== '.gitignore')) return
  await rm(join(trash, '.gitignore'), { force: true })
  await removeEmpty(trash)
}

/** Keeps the trash out of the status of a repository that it happens to lie in. */
export async function hideTrash(trash: string): Promise<void> {
  try {
    const handle = await open(join(trash, '.gitignore'), 'wx')
    await handle.writeFile('*\n').finally(() => handle.close())
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
  }
}

/** Undoes a removal that did not end: the tree is where it was, and nothing tells of the attempt. */
export async function undoRemoval(commonDir: string, manifest: RemovalManifest): Promise<void> {
  const { id, branch, head } = manifest
  const folder = removalDir(commonDir, id)
  const back = await bringBack(commonDir, manifest, () => undefined)
  // a branch that was deleted and made anew elsewhere does not hold the judged commit; then the rescue refs go on doing it
  const isHeld =
    branch === null || !(await isBranchSaved(folder)) || (await branchTip(commonDir, branch)) === head
  if (isHeld) await deleteRescueRefs(commonDir, id)
  await tidyTrash(back)
  await takeAway(folder)
}
