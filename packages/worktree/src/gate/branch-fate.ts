import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { branchTip, isSymbolic } from '../trash/branch.js'
import { errnoOf } from '../trash/durable.js'
import type { Registered } from './identity.js'

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return null
    throw error
  }
}

/** True for the branch that was made with the tree, also under a name that it was given later. */
async function isOurs(commonDir: string, branch: string, made: string): Promise<boolean> {
  if (branch === made) return true
  if ((await branchTip(commonDir, made)) !== null) return false
  const reflog = await readIfThere(join(commonDir, 'logs', 'refs', 'heads', branch))
  // git writes this line in English whatever the locale, and a rename takes the reflog along
  return reflog?.includes(`\tBranch: renamed refs/heads/${made} to refs/heads/`) ?? false
}

async function adminDirs(commonDir: string): Promise<string[]> {
  try {
    const names = await readdir(join(commonDir, 'worktrees'))
    return [commonDir, ...names.map((name) => join(commonDir, 'worktrees', name))]
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [commonDir]
    throw error
  }
}

/** True when another tree has the branch checked out, or is rebasing or bisecting it. */
async function isUsedElsewhere(commonDir: string, registered: Registered, branch: string): Promise<boolean> {
  if (registered.others.some((other) => other.branch === branch)) return true
  for (const dir of await adminDirs(commonDir)) {
    if (dir === registered.adminDir) continue
    for (const file of ['rebase-merge/head-name', 'rebase-apply/head-name', 'BISECT_START']) {
      const name = (await readIfThere(join(dir, file)))?.trim()
      if (name === `refs/heads/${branch}` || name === branch) return true
    }
  }
  return false
}

/** True when the branch may be deleted with the tree, as far as that does not depend on its commits. */
export async function mayDeleteBranch(
  commonDir: string,
  registered: Registered,
  branch: string,
): Promise<boolean> {
  const made = registered.entry.marker?.branch
  if (made === undefined || !(await isOurs(commonDir, branch, made))) return false
  if (await isSymbolic(commonDir, branch)) return false
  return !(await isUsedElsewhere(commonDir, registered, branch))
}
