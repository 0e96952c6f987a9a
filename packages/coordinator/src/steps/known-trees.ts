import { statSync } from 'node:fs'
import { join } from 'node:path'
import { locateRepo, treeRoots } from '@pcc/worktree/locate'

/** The working trees of a repository. */
export interface KnownTrees {
  commonDir: string
  /** Real path of the main working tree; `null` in a bare repository. */
  main: string | null
  all: readonly string[]
}

interface Remembered extends KnownTrees {
  mark: string
}

const remembered = new Map<string, Remembered>()
const MOST_REMEMBERED = 100

/** Changes when a working tree is added or removed. */
function markOf(commonDir: string): string {
  const stat = statSync(join(commonDir, 'worktrees'), { throwIfNoEntry: false })
  return stat === undefined ? '' : `${stat.ino} ${stat.mtimeMs}`
}

/**
 * The working trees of the repository that a directory is in, `null` outside of one. A resident process asks for every edit, so they
 * are remembered until one is added or removed; a tree that was moved shows only with `afresh`.
 *
 * @throws WorktreeError `WORKTREE_FS_FAILED`
 */
export function knownTrees(directory: string, afresh = false): KnownTrees | null {
  const location = locateRepo(directory)
  if (location === null) return null
  const { commonDir, topLevel } = location
  const mark = markOf(commonDir)
  const before = remembered.get(commonDir)
  const isKnown = before?.mark === mark && (topLevel === null || before.all.includes(topLevel))
  if (isKnown && !afresh) return before
  const roots = treeRoots(commonDir)
  // a main tree whose git folder lies elsewhere is known only from itself
  const all = topLevel === null || roots.includes(topLevel) ? roots : [...roots, topLevel]
  const main = location.isMain ? topLevel : (all.find((root) => locateRepo(root)?.isMain === true) ?? null)
  if (remembered.size >= MOST_REMEMBERED) remembered.clear()
  const trees = { commonDir, main, all, mark }
  remembered.set(commonDir, trees)
  return trees
}
