import { createHash } from 'node:crypto'
import { lstat, readFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { parseStatus } from '../git/parse.js'
import { git } from '../git/run.js'
import { errnoOf } from '../trash/durable.js'
import type { TreePlace } from './files.js'
import type { Submodule } from './submodules.js'

const STATUS = [
  '-c',
  'core.fsmonitor=false',
  '-c',
  'core.untrackedCache=false',
  'status',
  '--porcelain=v2',
  '--branch',
  '-z',
  '--untracked-files=all',
  '--ignore-submodules=all',
  '--no-renames',
  '--no-ahead-behind',
]

async function statLine(path: Buffer): Promise<string> {
  try {
    const stat = await lstat(path, { bigint: true })
    return `${stat.mode} ${stat.size} ${stat.mtimeNs} ${stat.ino}`
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'absent'
    throw error
  }
}

async function outlineOne(place: TreePlace): Promise<string> {
  const args = [`--git-dir=${place.gitDir}`, `--work-tree=${place.path}`, ...STATUS]
  const { stdout } = await git(args, { cwd: place.path })
  const hash = createHash('sha256').update(stdout)
  for (const entry of parseStatus(stdout).entries) {
    hash.update(await statLine(Buffer.concat([Buffer.from(`${place.path}/`), entry.rawPath])))
  }
  for (const name of ['index', 'HEAD']) {
    try {
      hash.update(await readFile(join(place.gitDir, name)))
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
      hash.update('absent')
    }
  }
  return hash.digest('hex')
}

/** The same place after everything below `from` has moved to `to`. */
export function movedPlace<T extends string | null>(path: T, from: string, to: string): T {
  if (path === null || (path !== from && !path.startsWith(from + sep))) return path
  return `${to}${path.slice(from.length)}` as T
}

/**
 * A fingerprint of a tree and its submodules in which no submodule is found by what its `.git` says: that is a relative path, and
 * says nothing once the tree has moved.
 */
export async function outlineTree(place: TreePlace, submodules: readonly Submodule[]): Promise<string> {
  const parts = [await outlineOne(place)]
  for (const { path, gitDir } of submodules) if (path !== null) parts.push(await outlineOne({ path, gitDir }))
  return parts.join(' ')
}
