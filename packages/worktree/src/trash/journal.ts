import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { WorktreeError } from '../errors.js'
import { errnoOf, fsFailure, GONE, syncFolder } from './durable.js'
import { lockRemoval, type RemovalActor, type RemovalLock, type RemovalOwner, removalOwner } from './lock.js'
import { type RemovalManifest, writeManifest } from './manifest.js'
import { removalDir, removalsDir } from './paths.js'

const DRAFT = '.new-'
const ABANDONED_MS = 60 * 60 * 1000
/** File systems allow 255 bytes; an id has 64 at most. */
const LONGEST_OWNER = 180

/** The folder of a draft says in its name whose it is, since a process can be killed before it has written anything into it. */
function draftName(id: string, owner: RemovalOwner): string {
  const text = Buffer.from(JSON.stringify([owner.pid, owner.processStart])).toString('base64url')
  return text.length > LONGEST_OWNER ? `${DRAFT}${id}` : `${DRAFT}${id}.${text}`
}

function readDraftName(name: string): { id: string; owner: RemovalOwner | null } {
  const [id = '', text = ''] = name.slice(DRAFT.length).split('.', 2)
  try {
    const [pid, processStart] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown[]
    const isOwner = typeof pid === 'number' && (processStart === null || typeof processStart === 'string')
    return { id, owner: isOwner ? { pid, processStart } : null }
  } catch {
    // a name that does not tell; the lock inside or its age has to
    return { id, owner: null }
  }
}

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
  const draft = join(removalsDir(commonDir), draftName(manifest.id, options.owner))
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
  for (const name of names.filter((entry) => entry.startsWith(GONE))) {
    await rm(join(removalsDir(commonDir), name), { recursive: true, force: true })
  }
  for (const name of names.filter((entry) => entry.startsWith(DRAFT))) {
    const draft = join(removalsDir(commonDir), name)
    const { id, owner } = readDraftName(name)
    const isAlive = owner === null ? isBeingWritten(draft, actor) : actor.isAlive(owner)
    if (await isAlive) continue
    await rm(draft, { recursive: true, force: true })
    cleared.push(id)
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
