import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { WorktreeError } from './errors.js'
import { GONE } from './trash/durable.js'

export type WorktreeBackend = 'git' | 'gtr'

/** The process that a creation belongs to, as the caller can recognise it again. */
export interface CreationOwner {
  pid: number
  processStart: string | null
}

/** The journal of one creation, and the lock on its name, at `<common>/parallel-cc/creations/<name>.json`. */
export interface Reservation {
  version: 1
  id: string
  name: string
  /** Where the tree is meant to stand; gtr decides by itself. */
  path: string
  branch: string
  base: string
  backend: WorktreeBackend
  owner: CreationOwner
  /** ISO 8601, UTC. */
  createdAt: string
}

export interface StoredReservation {
  file: string
  name: string
  /** Milliseconds since the epoch. */
  modifiedAt: number
  /** `null` when the file is not a whole reservation. */
  reservation: Reservation | null
}

/** What the name of a reservation's lock folder ends with. */
export const LOCK_FOLDER = '.repairing'

function creationsDir(commonDir: string): string {
  return join(commonDir, 'parallel-cc', 'creations')
}

/** Where the reservation of a name stands. */
export function reservationFile(commonDir: string, name: string): string {
  return join(creationsDir(commonDir), `${name}.json`)
}

function fsFailed(what: string, error: unknown): WorktreeError {
  const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message
  return new WorktreeError('WORKTREE_FS_FAILED', `cannot ${what}: ${reason}`, {
    hint: 'Check who owns the repository and whether the disk is full or read-only.',
    cause: error,
  })
}

function parseReservation(text: string): Reservation | null {
  try {
    const value = JSON.parse(text) as Reservation
    const texts = [value.id, value.name, value.path, value.branch, value.base, value.createdAt]
    if (value.version !== 1 || !texts.every((part) => typeof part === 'string')) return null
    if (!Number.isInteger(value.owner.pid) || !/^[0-9a-f]{40,64}$/.test(value.base)) return null
    if (value.branch === '' || value.branch.startsWith('-') || Number.isNaN(Date.parse(value.createdAt)))
      return null
    return value.backend === 'git' || value.backend === 'gtr' ? value : null
  } catch {
    // cut off by a crash or not ours; the caller decides by its age
    return null
  }
}

/** The reservation of a name, `null` when there is none. */
export function readReservation(commonDir: string, name: string): StoredReservation | null {
  const file = reservationFile(commonDir, name)
  try {
    const modifiedAt = statSync(file).mtimeMs
    return { file, name, modifiedAt, reservation: parseReservation(readFileSync(file, 'utf8')) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw fsFailed(`read ${file}`, error)
  }
}

/** All reservations of a repository: creations that run now, and leftovers. */
export function listReservations(commonDir: string): StoredReservation[] {
  let names: string[]
  try {
    names = readdirSync(creationsDir(commonDir))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw fsFailed(`read ${creationsDir(commonDir)}`, error)
  }
  return names
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => readReservation(commonDir, basename(name, '.json')) ?? [])
}

/** Says that a name is being used by a creation. */
export function nameTaken(name: string, held: Reservation | null): WorktreeError {
  return new WorktreeError('WORKTREE_NAME_TAKEN', `the name '${name}' is being used by another creation`, {
    hint: 'Take another --name, or wait; `parallel-cc cleanup` clears what a killed process left.',
    data: { name, owner: held?.owner.pid ?? null, since: held?.createdAt ?? null },
  })
}

function claimFile(file: string, content: string, id: string): void {
  const temporary = `${file}.${id.replace(/[^0-9A-Za-z-]/g, '_')}.tmp`
  writeFileSync(temporary, content)
  try {
    // a link appears whole or not at all, also for who reads it after a crash
    linkSync(temporary, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error
    // a file system without hard links
    writeFileSync(file, content, { flag: 'wx' })
  } finally {
    rmSync(temporary, { force: true })
  }
}

/**
 * Takes a name, for one caller alone.
 *
 * @throws WorktreeError `WORKTREE_NAME_TAKEN` when another creation has it, `WORKTREE_FS_FAILED`
 */
export function reserve(commonDir: string, reservation: Reservation): void {
  const file = reservationFile(commonDir, reservation.name)
  try {
    mkdirSync(creationsDir(commonDir), { recursive: true })
    claimFile(file, `${JSON.stringify(reservation)}\n`, reservation.id)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw fsFailed(`write ${file}`, error)
    throw nameTaken(reservation.name, readReservation(commonDir, reservation.name)?.reservation ?? null)
  }
}

/** Gives a name back, unless somebody else has taken it in the meantime. */
export function release(commonDir: string, reservation: Pick<Reservation, 'id' | 'name'>): void {
  const held = readReservation(commonDir, reservation.name)
  if (held?.reservation?.id === reservation.id) rmSync(held.file, { force: true })
}

interface Abandoned {
  isAlive: (owner: CreationOwner) => boolean
  /** What cannot tell its owner goes when it was last changed before this, in milliseconds since the epoch. */
  olderThan: number
}

function ownerOf(path: string): CreationOwner | null {
  try {
    return parseReservation(readFileSync(path, 'utf8'))?.owner ?? null
  } catch (error) {
    // it has become a reservation, or is a folder
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EISDIR') return null
    throw fsFailed(`read ${path}`, error)
  }
}

/** Takes away what killed processes left beside the reservations: drafts of them, and locks of repairs that are over. */
export function clearLeftovers(commonDir: string, abandoned: Abandoned): void {
  const folder = creationsDir(commonDir)
  const names = existsSync(folder) ? readdirSync(folder) : []
  for (const name of names) {
    const path = join(folder, name)
    if (name.startsWith(GONE)) {
      rmSync(path, { recursive: true, force: true })
    } else if (name.endsWith(LOCK_FOLDER)) {
      // while there is a reservation, whoever repairs it takes the lock over
      const reservation = path.slice(0, -LOCK_FOLDER.length)
      if (!existsSync(`${reservation}.json`)) rmSync(path, { recursive: true, force: true })
    } else if (name.endsWith('.tmp')) {
      const owner = ownerOf(path)
      const modifiedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
      const isOver = owner === null ? modifiedAt < abandoned.olderThan : !abandoned.isAlive(owner)
      if (isOver) rmSync(path, { force: true })
    }
  }
}
