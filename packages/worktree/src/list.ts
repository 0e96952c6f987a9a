import { basename } from 'node:path'
import { type AdminDir, adminDirsAt, readAdminDirs } from './admin-dirs.js'
import { type ListedWorktree, parseWorktreeList } from './git/parse.js'
import { git } from './git/run.js'
import { headBranch } from './locate.js'
import { type Marker, readMarker } from './marker.js'
import type { Repo } from './repo.js'

/** One working tree of a repository, as git knows it. */
export interface WorktreeEntry {
  /** As git gives it. */
  path: string
  /** `null` while the branch has no commit, and in a bare repository. */
  head: string | null
  branch: string | null
  isMain: boolean
  isBare: boolean
  detached: boolean
  /** The reason, `''` when locked without one, `null` when not locked. */
  locked: string | null
  /** Why git would prune it, `null` when it would not. */
  prunable: string | null
  /** `<common>/worktrees/<x>`, the common directory for the main tree; `null` when it cannot be told. */
  adminDir: string | null
  /** Set when this tool made the tree. */
  marker: Marker | null
}

/** Several admin directories can name one path after a folder was copied or moved; then the branch decides. */
function takeAdminDir(left: AdminDir[], entry: ListedWorktree): string | null {
  const candidates = adminDirsAt(left, entry.path)
  const chosen = candidates.find((admin) => headBranch(admin.dir) === entry.branch) ?? candidates[0]
  if (chosen === undefined) return null
  left.splice(left.indexOf(chosen), 1)
  return chosen.dir
}

/**
 * All working trees of a repository, the main one (or the bare repository) first. Give `mainWorktree` as well where it is known:
 * git itself names the git directory when it stands elsewhere, as a submodule's does.
 *
 * @throws WorktreeError `WORKTREE_GIT_FAILED`, `WORKTREE_FS_FAILED`
 */
export async function listWorktrees(
  repo: Pick<Repo, 'commonDir'> & Partial<Pick<Repo, 'mainWorktree'>>,
): Promise<WorktreeEntry[]> {
  const { commonDir } = repo
  const args = [`--git-dir=${commonDir}`, 'worktree', 'list', '--porcelain', '-z']
  const { stdout } = await git(args, { cwd: commonDir })
  const left = readAdminDirs(commonDir)
  return parseWorktreeList(stdout).map((listed, index) => {
    const { bare, ...rest } = listed
    if (index === 0) {
      const path = bare || basename(commonDir) === '.git' ? rest.path : (repo.mainWorktree ?? rest.path)
      return { ...rest, path, isMain: true, isBare: bare, adminDir: commonDir, marker: null }
    }
    const adminDir = takeAdminDir(left, listed)
    const marker = adminDir === null ? null : readMarker(adminDir)
    return { ...rest, isMain: false, isBare: bare, adminDir, marker }
  })
}
