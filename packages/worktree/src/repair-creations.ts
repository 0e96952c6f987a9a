import { mkdirSync, rmdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { type AdminDir, adminDirsAt, readAdminDirs } from './admin-dirs.js'
import { branchTip, dropBranch, isMadeBranch } from './branch-made.js'
import { git } from './git/run.js'
import { headBranch } from './locate.js'
import { writeMarker } from './marker.js'
import type { Repo } from './repo.js'
import {
  type CreationOwner,
  clearLeftovers,
  LOCK_FOLDER,
  listReservations,
  type Reservation,
  readReservation,
  release,
  type StoredReservation,
} from './reservations.js'
import { takeAway } from './trash/durable.js'
import { lockRemoval } from './trash/lock.js'
import { completeTree, holdsNothing, isInitializing } from './unfinished-tree.js'

/** What became of one creation whose process is gone. */
export interface RepairReport {
  name: string
  /** `finished`: the tree stays and is marked as ours. `left`: nothing was done yet. `cleared`: only the reservation went. */
  action: 'rolled-back' | 'finished' | 'cleared' | 'left'
  path: string | null
  branch: string | null
  reason: string
}

export interface RepairOptions {
  /** Who repairs: what the lock names. @default this process, its start unknown */
  owner?: CreationOwner
  isAlive: (owner: CreationOwner) => boolean
  /** ISO 8601, UTC. */
  now: string
  /** How long to wait for a git that outlived its parent. @default 5000 */
  waitMs?: number
}

// after this long no git that a creation started can still be running
const OVER_AFTER_MS = 15 * 60_000
// a git whose parent was killed right after starting it shows by then
const SHOWS_AFTER_MS = 2_000
const POLL_MS = 25

type Common = Pick<Repo, 'commonDir'>

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

function treeOf(commonDir: string, reservation: Reservation): AdminDir | null {
  const admins = readAdminDirs(commonDir)
  const here = reservation.backend === 'gtr' ? admins : adminDirsAt(admins, reservation.path)
  return here.find((admin) => headBranch(admin.dir) === reservation.branch) ?? null
}

/** Waits until git is done with the tree, or cannot be expected to begin any more. False when it is still at it. */
async function settled(
  commonDir: string,
  reservation: Reservation,
  options: RepairOptions,
): Promise<boolean> {
  const age = Date.parse(options.now) - Date.parse(reservation.createdAt)
  const busy = (waited: number): boolean => {
    const tree = treeOf(commonDir, reservation)
    return tree === null
      ? age + waited < SHOWS_AFTER_MS
      : isInitializing(tree.dir) && age + waited < OVER_AFTER_MS
  }
  const limit = options.waitMs ?? 5_000
  let waited = 0
  while (busy(waited)) {
    if (waited >= limit) return false
    await pause(POLL_MS)
    waited += POLL_MS
  }
  return true
}

function removeEmptyFolder(path: string): void {
  try {
    rmdirSync(path)
  } catch {
    // somebody's, or not there: both are well
  }
}

function report(reservation: Reservation, action: RepairReport['action'], reason: string): RepairReport {
  return { name: reservation.name, action, path: reservation.path, branch: reservation.branch, reason }
}

async function withoutTree(commonDir: string, reservation: Reservation): Promise<RepairReport> {
  if (reservation.backend === 'git') removeEmptyFolder(reservation.path)
  const dropped = await dropBranch({ commonDir, ...reservation })
  if (dropped) return report(reservation, 'rolled-back', 'only the branch had been made')
  return report(reservation, 'cleared', 'the branch has moved on and stays')
}

async function rollBack(commonDir: string, reservation: Reservation, tree: AdminDir): Promise<boolean> {
  const args = [`--git-dir=${commonDir}`, 'worktree', 'remove']
  // the lock of a creation that is over; the tree was found to hold nothing but its checkout
  const force = isInitializing(tree.dir) ? ['--force', '--force'] : []
  const options = { cwd: commonDir, readOnly: false, okCodes: [0, 1, 128], timeoutMs: OVER_AFTER_MS }
  const { code } = await git([...args, ...force, '--', tree.path], options)
  if (code !== 0) return false
  removeEmptyFolder(dirname(tree.path))
  await dropBranch({ commonDir, ...reservation })
  return true
}

async function withTree(commonDir: string, reservation: Reservation, tree: AdminDir): Promise<RepairReport> {
  const { id, branch, base, createdAt } = reservation
  const unfinished = { path: tree.path, adminDir: tree.dir, base }
  const atBase = (await branchTip(commonDir, branch)) === base
  if (atBase && (await holdsNothing(unfinished)) && (await rollBack(commonDir, reservation, tree))) {
    return {
      ...report(reservation, 'rolled-back', 'nothing was in the tree but its checkout'),
      path: tree.path,
    }
  }
  await completeTree(unfinished)
  writeMarker(tree.dir, { version: 1, id, path: tree.path, branch, base, createdAt })
  return { ...report(reservation, 'finished', 'there is something in the tree'), path: tree.path }
}

async function repairOne(
  commonDir: string,
  reservation: Reservation,
  options: RepairOptions,
): Promise<RepairReport> {
  if (!(await settled(commonDir, reservation, options))) {
    return report(reservation, 'left', 'git is still at work in it')
  }
  const tip = await branchTip(commonDir, reservation.branch)
  const ours =
    reservation.backend === 'gtr' || (await isMadeBranch(commonDir, reservation.branch, reservation.id))
  let done: RepairReport
  if (tip === null) {
    if (reservation.backend === 'git') removeEmptyFolder(reservation.path)
    done = report(reservation, 'rolled-back', 'nothing had been made')
  } else if (!ours) {
    done = report(reservation, 'cleared', 'the branch of that name is somebody else’s')
  } else {
    const tree = treeOf(commonDir, reservation)
    done = await (tree === null
      ? withoutTree(commonDir, reservation)
      : withTree(commonDir, reservation, tree))
  }
  release(commonDir, reservation)
  return done
}

/** Lets one process at a time repair a name; the lock of one that was killed keeps nobody out. `null` when another is at it. */
async function locked<T>(
  stored: StoredReservation,
  options: RepairOptions,
  action: () => Promise<T>,
): Promise<T | null> {
  const folder = stored.file.replace(/\.json$/, LOCK_FOLDER)
  const owner = options.owner ?? { pid: process.pid, processStart: null }
  mkdirSync(folder, { recursive: true })
  const lock = await lockRemoval(folder, { now: options.now, owner, isAlive: options.isAlive })
  if (lock === null) return null
  try {
    return await action()
  } finally {
    await takeAway(folder)
  }
}

/**
 * Clears up after creations whose process is gone. One that left nothing but a checkout of its base is rolled back; one with anything
 * else in it is finished and marked as ours, so that the gate decides. Creations that are alive are not touched and not reported.
 *
 * @throws WorktreeError `WORKTREE_GIT_FAILED`, `WORKTREE_FS_FAILED`
 */
export async function repairCreations(repo: Common, options: RepairOptions): Promise<RepairReport[]> {
  const now = Date.parse(options.now)
  const reports: RepairReport[] = []
  for (const stored of listReservations(repo.commonDir)) {
    const { name, reservation } = stored
    if (reservation === null) {
      if (now - stored.modifiedAt <= OVER_AFTER_MS) continue
      rmSync(stored.file, { force: true })
      reports.push({
        name,
        action: 'cleared',
        path: null,
        branch: null,
        reason: 'its journal cannot be read',
      })
    } else if (!options.isAlive(reservation.owner)) {
      const done = await locked(stored, options, async () => {
        const current = readReservation(repo.commonDir, name)?.reservation
        return current?.id === reservation.id ? repairOne(repo.commonDir, reservation, options) : null
      })
      if (done !== null) reports.push(done)
    }
  }
  clearLeftovers(repo.commonDir, { isAlive: options.isAlive, olderThan: now - OVER_AFTER_MS })
  return reports
}
