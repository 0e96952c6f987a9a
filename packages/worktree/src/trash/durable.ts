import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { WorktreeError } from '../errors.js'

/** The code of a file system error, else `null`. */
export function errnoOf(error: unknown): string | null {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : null
}

/** Turns a file system error into the room's; anything else passes as it is. */
export function fsFailure(doing: string, error: unknown): unknown {
  const code = errnoOf(error)
  if (code === null) return error
  return new WorktreeError('WORKTREE_FS_FAILED', `cannot ${doing}: ${code}`, {
    hint: 'Check permissions and free space there, then run the command again.',
    data: { code },
    cause: error,
  })
}

/** Brings the content of a file onto the disk. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+')
  await handle.sync().finally(() => handle.close())
}

/** Makes what was renamed or created in a folder survive a power cut, where the system can. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r')
    await handle.sync().finally(() => handle.close())
  } catch (error) {
    // a folder cannot be opened or synced everywhere (Windows, some network disks); the rename itself has happened
    if (errnoOf(error) === null) throw error
  }
}

/** Writes a file in full or not at all, on the disk when this returns. */
export async function writeDurably(path: string, content: string | Buffer): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    const handle = await open(temporary, 'w', 0o600)
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw fsFailure(`write ${path}`, error)
  }
  await syncFolder(dirname(path))
}

/** Renames and syncs both folders. Throws the plain file system error, since callers tell its codes apart. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to)
  await syncFolder(dirname(to))
  if (dirname(from) !== dirname(to)) await syncFolder(dirname(from))
}

/** Makes `<folder>/<name>` and its parents; false when it was there already. */
export async function makeFolder(folder: string, name: string): Promise<boolean> {
  await mkdir(folder, { recursive: true })
  try {
    await mkdir(join(folder, name))
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  }
}

/** How the name of a folder begins that is on its way out: nothing in it counts any more. */
export const GONE = '.gone-'

let serial = 0

/** Takes a folder away in one step: whoever still writes into it by its name fails, instead of keeping it from going. */
export async function takeAway(folder: string): Promise<void> {
  for (;;) {
    serial += 1
    const aside = join(dirname(folder), `${GONE}${basename(folder)}-${process.pid}-${serial}`)
    try {
      await rename(folder, aside)
    } catch (error) {
      const code = errnoOf(error)
      if (code === 'ENOENT') return
      // left by a process that was killed and had our pid
      if (code === 'ENOTEMPTY' || code === 'EEXIST') continue
      throw error
    }
    return rm(aside, { recursive: true, force: true })
  }
}
