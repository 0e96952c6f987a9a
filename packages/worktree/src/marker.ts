import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WorktreeError } from './errors.js'

/** Says that this tool made a tree. Stands in the tree's admin directory, where no checkout can put a file. */
export interface Marker {
  version: 1
  id: string
  /** Where the tree was made; it may have been moved since. */
  path: string
  branch: string
  /** Full id of the commit that the branch began at. */
  base: string
  /** ISO 8601, UTC. */
  createdAt: string
}

const FILE = 'parallel-cc.json'
const MAX_BYTES = 64 * 1024

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0')
}

/** Reads a marker out of JSON text; `null` when it is anything else than a whole marker of this version. */
export function parseMarker(text: string): Marker | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // not ours: whoever wrote it, it proves nothing
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const { version, id, path, branch, base, createdAt } = value as Record<string, unknown>
  if (version !== 1 || !isText(id) || !isText(path) || !isText(branch) || !isText(createdAt)) return null
  if (typeof base !== 'string' || !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(base)) return null
  if (branch.startsWith('-') || Number.isNaN(Date.parse(createdAt))) return null
  return { version, id, path, branch, base, createdAt }
}

/** The marker of an admin directory; `null` when there is none, or none that can be trusted to be ours. */
export function readMarker(adminDir: string): Marker | null {
  let content: Buffer
  try {
    content = readFileSync(join(adminDir, FILE))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR' || code === 'ELOOP') return null
    throw new WorktreeError('WORKTREE_FS_FAILED', `cannot read ${join(adminDir, FILE)}: ${code}`, {
      cause: error,
    })
  }
  return content.length > MAX_BYTES ? null : parseMarker(content.toString('utf8'))
}

/**
 * Writes the marker in one step: a reader sees all of it or none.
 *
 * @throws WorktreeError `WORKTREE_FS_FAILED`
 */
export function writeMarker(adminDir: string, marker: Marker): void {
  const target = join(adminDir, FILE)
  const temporary = `${target}.${marker.id.replace(/[^0-9A-Za-z-]/g, '_')}.tmp`
  try {
    writeFileSync(temporary, `${JSON.stringify(marker, null, 2)}\n`, { mode: 0o644 })
    renameSync(temporary, target)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw new WorktreeError('WORKTREE_FS_FAILED', `cannot write ${target}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
