import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { WorktreeError } from './errors.js'

/** The administrative directory of one linked worktree, and the path that it says the tree has. */
export interface AdminDir {
  dir: string
  path: string
}

/**
 * The administrative directories of a repository's linked worktrees, read without starting git.
 *
 * @throws WorktreeError `WORKTREE_FS_FAILED`
 */
export function readAdminDirs(commonDir: string): AdminDir[] {
  const root = join(commonDir, 'worktrees')
  let names: string[]
  try {
    names = readdirSync(root)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new WorktreeError('WORKTREE_FS_FAILED', `cannot read ${root}: ${(error as Error).message}`, {
      cause: error,
    })
  }
  const found: AdminDir[] = []
  for (const name of names) {
    const dir = join(root, name)
    try {
      const pointer = readFileSync(join(dir, 'gitdir'), 'utf8').trimEnd()
      found.push({ dir, path: dirname(resolve(dir, pointer)) })
    } catch {
      // being made or taken away at this moment, or damaged: git does not list it either
    }
  }
  return found
}

/** The real path, or the path itself when nothing stands there. */
function realOrSame(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** Those of `admins` that name this path, by its letters or by what they lead to. */
export function adminDirsAt(admins: readonly AdminDir[], path: string): AdminDir[] {
  const exact = admins.filter((admin) => admin.path === path)
  if (exact.length > 0) return exact
  const real = realOrSame(path)
  return admins.filter((admin) => realOrSame(admin.path) === real)
}
