import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { WorktreeError } from '../errors.js'
import { errnoOf, fsFailure, syncFolder } from './durable.js'
import { lockRemoval, type RemovalActor, type RemovalLock, removalOwner } from './lock.js'
import { type RemovalManifest, writeManifest } from './manifest.js'
import { removalDir, removalsDir } from './paths.js'

const DRAFT = '.new-'
const ABANDONED_MS = 60 * 60 * 1000

/**
 * Creates the folder of a removal, with its manifest, locked for this process. It appears in one step, so a removal without a
 * manifest is not one that has just begun.
 *
 * @throws WorktreeError `WORKTREE_BAD_NAME` when the id is taken, `WORKTREE_FS_FAILED`
 */
export async function beginJournal(
  options: RemovalActor & { repo: { commonDir: string } },
  manifest: RemovalManifest,
): Promise<RemovalLock> {
  const { commonDir } = options.repo
  const folder = removalDir(commonDir, manifest.id)
  const draft = join(removalsDir(commonDir), `${DRAFT}${manifest.id}`)
  try {
    await mkdir(removalsDir(commonDir), { recursive: true })
    await mkdir(draft)
    await writeManifest(draft, manifest)
    const lock = await lockRemoval(draft, options)
    await rename(draft, folder)
    await syncFolder(removalsDir(commonDir))
    return lock!
  } catch (error) {
    const code = errnoOf(error)
    if (code !== 'EEXIST' && code !== 'ENOTEMPTY') throw fsFailure(`write ${folder}`, error)
    throw new WorktreeError('WORKTREE_BAD_NAME', `the removal id '${manifest.id}' is taken`, {
      hint: 'Give each removal an id of its own.',
      data: { id: manifest.id },
      cause: error,
    })
  }
}

/** Takes away drafts of removals that a killed process left: nothing had been done to the tree. Returns their ids. */
export async function clearDrafts(commonDir: string, actor: RemovalActor): Promise<string[]> {
  const cleared: string[] = []
  let names: string[]
  try {
    names = await readdir(removalsDir(commonDir))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return cleared
    throw fsFailure(`read ${removalsDir(commonDir)}`, error)
  }
  for (const name of names.filter((entry) => entry.startsWith(DRAFT))) {
    const draft = join(removalsDir(commonDir), name)
    if (await isBeingWritten(draft, actor)) continue
    await rm(draft, { recursive: true, force: true })
    cleared.push(name.slice(DRAFT.length))
  }
  return cleared
}

async function isBeingWritten(draft: string, actor: RemovalActor): Promise<boolean> {
  try {
    if ((await removalOwner(draft, actor.isAlive)) !== null) return true
    // a draft that has no lock yet cannot tell whose it is; its age does
    const age = Date.parse(actor.now) - (await stat(draft)).mtimeMs
    return age < ABANDONED_MS
  } catch (error) {
    // it has just become a removal
    if (errnoOf(error) === 'ENOENT') return true
    throw error
  }
}
