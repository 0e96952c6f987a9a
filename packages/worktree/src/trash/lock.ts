import { link, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { WorktreeError } from '../errors.js'
import type { CreationOwner } from '../reservations.js'
import { errnoOf, fsFailure, writeDurably } from './durable.js'
import { kindOf } from './paths.js'

/** Who works on a removal: a process by its id *and* its start, since ids are used again. */
export type RemovalOwner = CreationOwner

/** What every call that works on removals needs to know of the world. */
export interface RemovalActor {
  /** ISO 8601, UTC. */
  now: string
  owner: RemovalOwner
  /** True when that process still exists, or when that cannot be told. */
  isAlive: (owner: RemovalOwner) => boolean | Promise<boolean>
}

/** Held while one process works on one removal; give it to `unlockRemoval` at the end. */
export interface RemovalLock {
  name: string
}

const NAME = /^lock-(\d{6})\.json$/

function parseOwner(text: string): RemovalOwner | null {
  try {
    const { owner } = JSON.parse(text) as { owner?: Partial<RemovalOwner> | null }
    if (typeof owner?.pid !== 'number') return null
    return { pid: owner.pid, processStart: owner.processStart ?? null }
  } catch {
    // cut short by a crash of the machine: nobody who could still hold it wrote that
    return null
  }
}

async function lastLock(folder: string): Promise<{ number: number; owner: RemovalOwner | null }> {
  const names = (await readdir(folder)).filter((name) => NAME.test(name)).toSorted()
  const last = names.at(-1)
  if (last === undefined) return { number: 0, owner: null }
  const text = await readFile(join(folder, last), 'utf8')
  return { number: Number(NAME.exec(last)?.[1]), owner: parseOwner(text) }
}

/** The process that works on this removal now, or `null`. */
export async function removalOwner(
  folder: string,
  isAlive: RemovalActor['isAlive'],
): Promise<RemovalOwner | null> {
  const { owner } = await lastLock(folder)
  return owner !== null && (await isAlive(owner)) ? owner : null
}

/**
 * Takes the right to work on a removal; `null` when a live process has it, or has just finished and taken the folder away. The locks of a folder are numbered and each number is
 * created once, so that of several that follow a dead owner one wins.
 *
 * @throws WorktreeError `WORKTREE_FS_FAILED`
 */
export async function lockRemoval(folder: string, actor: RemovalActor): Promise<RemovalLock | null> {
  try {
    for (;;) {
      const last = await lastLock(folder)
      if (last.owner !== null && (await actor.isAlive(last.owner))) return null
      const name = `lock-${String(last.number + 1).padStart(6, '0')}.json`
      if (await createLock(join(folder, name), actor.owner)) return { name }
    }
  } catch (error) {
    // of several that finish one removal, the first takes the folder away under the others
    if ((await kindOf(folder)) === 'none') return null
    throw fsFailure(`lock ${folder}`, error)
  }
}

/** Gives the right back. Nothing happens when the folder is gone: there is nothing left to work on. */
export async function unlockRemoval(folder: string, lock: RemovalLock): Promise<void> {
  if ((await kindOf(folder)) === 'none') return
  try {
    await writeDurably(join(folder, lock.name), '{"owner":null}\n')
  } catch (error) {
    if ((await kindOf(folder)) !== 'none') throw error
  }
}

let serial = 0

async function createLock(path: string, owner: RemovalOwner): Promise<boolean> {
  serial += 1
  const own = `${path}.${process.pid}-${serial}`
  await writeDurably(own, `${JSON.stringify({ owner })}\n`)
  try {
    // unlike an exclusive open this shows the whole content or nothing
    await link(own, path)
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  } finally {
    await rm(own, { force: true })
  }
}

/** The error for somebody who needs a removal that another process works on. */
export function busyRemoval(id: string): WorktreeError {
  return new WorktreeError('WORKTREE_RESTORE_BLOCKED', `another process is working on removal ${id}`, {
    hint: 'Wait until it has ended and try again.',
    data: { id },
  })
}
