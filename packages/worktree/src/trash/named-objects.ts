import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf } from './durable.js'
import { plumbLines } from './plumbing.js'

// the index is kept apart, submodules have repositories of their own, the rest names no objects of work
const PASSED_OVER = new Set(['index', 'modules', 'parallel-cc.json', 'gitdir', 'commondir', 'locked', 'lfs'])
const MAX_BYTES = 64 * 1024 * 1024
const OBJECT_ID = /(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-f])/g

async function addIds(ids: Set<string>, path: string): Promise<void> {
  if ((await stat(path)).size > MAX_BYTES) return
  const text = await readFile(path, 'latin1')
  for (const [id] of text.matchAll(OBJECT_ID)) if (!/^0+$/.test(id)) ids.add(id)
}

async function addFolder(ids: Set<string>, folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (PASSED_OVER.has(entry.name) || entry.name.startsWith('sharedindex.')) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await addFolder(ids, path)
    else if (entry.isFile()) await addIds(ids, path)
  }
}

/**
 * Every object id that a tree's own files name: its reflogs, the refs that are its alone, `ORIG_HEAD` and its like, a parked
 * operation; and the reflog of its branch.
 */
export async function idsNamedIn(tree: {
  commonDir: string
  adminDir: string
  branch: string | null
}): Promise<string[]> {
  const ids = new Set<string>()
  await addFolder(ids, tree.adminDir)
  if (tree.branch !== null) {
    try {
      await addIds(ids, join(tree.commonDir, 'logs', 'refs', 'heads', tree.branch))
    } catch (error) {
      // a branch without a reflog
      if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw error
    }
  }
  return [...ids]
}

export interface NamedObject {
  id: string
  type: string
}

/** Those of the ids that this repository has, each once; a tag stands for what it points to as well. */
export async function existingObjects(commonDir: string, ids: readonly string[]): Promise<NamedObject[]> {
  if (ids.length === 0) return []
  const args = ['cat-file', '--batch-check=%(objectname) %(objecttype)']
  const input = ids.flatMap((id) => [`${id}\n`, `${id}^{}\n`]).join('')
  const lines = await plumbLines(args, { gitDir: commonDir, input, readOnly: true })
  const found = new Map<string, NamedObject>()
  for (const line of lines) {
    const [id = '', type = ''] = line.split(' ')
    if (/^(commit|tree|blob)$/.test(type)) found.set(id, { id, type })
  }
  return [...found.values()]
}
