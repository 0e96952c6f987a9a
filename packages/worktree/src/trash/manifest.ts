import { readdir, readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { WorktreeError } from '../errors.js'
import { errnoOf, fsFailure, writeDurably } from './durable.js'
import { isRemovalId, removalDir, removalsDir, trashTreePath } from './paths.js'

export const REMOVAL_STATES = ['removing', 'removed', 'restoring', 'restored', 'purging', 'purged'] as const

/** `removing` and `restoring` are under way or were interrupted; only `removed` and `restoring` hold a tree in the trash. */
export type RemovalState = (typeof REMOVAL_STATES)[number]

/** The journal of one removal, `<common>/parallel-cc/removals/<id>/manifest.json`. */
export interface RemovalManifest {
  version: 1
  id: string
  state: RemovalState
  /** Where the tree stood. */
  path: string
  trashPath: string
  /** Name of the folder under `<common>/worktrees`. */
  adminName: string
  /** Where a restore that has begun puts the admin directory. */
  restoredAdminName: string | null
  branch: string | null
  branchFate: 'delete' | 'keep'
  /** Full id of the commit that was judged. */
  head: string
  base: string | null
  /** Fingerprint of what the admin directory held, see `printAdmin`. */
  adminPrint: string
  /** Why it could go, in short words: what became of its commits, and what was discarded. */
  reasons: string[]
  /** ISO 8601, UTC. */
  removedAt: string
}

/** A folder among the removals that cannot be used, and why. */
export interface BrokenRemoval {
  id: string
  why: string
}

const OBJECT_ID = /^([0-9a-f]{40}|[0-9a-f]{64})$/

function isName(value: unknown): value is string {
  return (
    typeof value === 'string' && value !== '' && !/[/\\\0]/.test(value) && value !== '.' && value !== '..'
  )
}

function isBranch(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.startsWith('-') && !/[\0\n]/.test(value)
}

/** Reads a manifest out of JSON text, trusting nothing in it; a string says what is wrong. */
export function parseManifest(text: string, id: string): RemovalManifest | string {
  let value: Partial<RemovalManifest> | null
  try {
    value = JSON.parse(text) as Partial<RemovalManifest> | null
  } catch {
    return 'its manifest is not JSON'
  }
  if (typeof value !== 'object' || value === null) return 'its manifest is not an object'
  if (value.version !== 1) return `its manifest has version ${String(value.version)}, this program knows 1`
  const { path, adminName, head, branch, base, reasons, removedAt, branchFate, state } = value
  const restoredAdminName = value.restoredAdminName ?? null
  const sound =
    value.id === id &&
    typeof path === 'string' &&
    isAbsolute(path) &&
    value.trashPath === trashTreePath(path, id) &&
    isName(adminName) &&
    (restoredAdminName === null || isName(restoredAdminName)) &&
    typeof head === 'string' &&
    OBJECT_ID.test(head) &&
    (branch === null || isBranch(branch)) &&
    (base === null || (typeof base === 'string' && OBJECT_ID.test(base))) &&
    (branchFate === 'delete' || branchFate === 'keep') &&
    REMOVAL_STATES.includes(state as RemovalState) &&
    typeof value.adminPrint === 'string' &&
    typeof removedAt === 'string' &&
    !Number.isNaN(Date.parse(removedAt)) &&
    Array.isArray(reasons) &&
    reasons.every((reason) => typeof reason === 'string')
  return sound
    ? { ...(value as RemovalManifest), restoredAdminName }
    : 'its manifest has fields missing or wrong'
}

/** Writes the manifest in one step, on the disk when this returns. */
export function writeManifest(folder: string, manifest: RemovalManifest): Promise<void> {
  return writeDurably(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

/** Changes fields of a manifest on the disk; returns the new one. */
export async function updateManifest(
  commonDir: string,
  manifest: RemovalManifest,
  change: Partial<RemovalManifest>,
): Promise<RemovalManifest> {
  const next = { ...manifest, ...change }
  await writeManifest(removalDir(commonDir, manifest.id), next)
  return next
}

/** The manifest of one removal, or what is wrong with it; `null` when there is no such removal. */
export async function readManifest(commonDir: string, id: string): Promise<RemovalManifest | string | null> {
  const folder = removalDir(commonDir, id)
  try {
    return parseManifest(await readFile(join(folder, 'manifest.json'), 'utf8'), id)
  } catch (error) {
    const code = errnoOf(error)
    if (code === null) throw error
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return `its manifest cannot be read: ${code}`
    return (await listIds(commonDir)).includes(id) ? 'it has no manifest' : null
  }
}

async function listIds(commonDir: string): Promise<string[]> {
  try {
    return await readdir(removalsDir(commonDir))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw fsFailure(`read ${removalsDir(commonDir)}`, error)
  }
}

/**
 * All removals, newest first, and what among them cannot be used.
 *
 * @throws WorktreeError `WORKTREE_FS_FAILED` when the folder of the removals cannot be read
 */
export async function readManifests(
  commonDir: string,
): Promise<{ manifests: RemovalManifest[]; broken: BrokenRemoval[] }> {
  const manifests: RemovalManifest[] = []
  const broken: BrokenRemoval[] = []
  for (const id of await listIds(commonDir)) {
    // a name with a dot is a removal that is being written
    if (id.startsWith('.')) continue
    const read = isRemovalId(id) ? await readManifest(commonDir, id) : 'its name is not an id'
    if (typeof read === 'string') broken.push({ id, why: read })
    else if (read !== null) manifests.push(read)
  }
  manifests.sort((a, b) => Date.parse(b.removedAt) - Date.parse(a.removedAt) || (a.id < b.id ? 1 : -1))
  return { manifests, broken }
}

/** The error for an id that names no removal. */
export function removalNotFound(id: string): WorktreeError {
  return new WorktreeError('WORKTREE_REMOVAL_NOT_FOUND', `there is no removal '${id}' to restore`, {
    hint: '`parallel-cc restore` without an id lists what can come back.',
    data: { id },
  })
}
