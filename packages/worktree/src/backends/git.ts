import { mkdirSync, realpathSync, rmdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { adminDirsAt, readAdminDirs } from '../admin-dirs.js'
import { branchTip, dropBranch, makeBranch } from '../branch-made.js'
import { WorktreeError } from '../errors.js'
import { faultPoint } from '../fault.js'
import { retryOnContention } from '../git/contention.js'
import { git } from '../git/run.js'
import { type CreatePlan, refuseExistingBranch } from '../plan-create.js'
import type { CreationBackend, Made } from './backend.js'

// a checkout of a large repository, a slow disk or a hook that installs things
const ADD_TIMEOUT_MS = 15 * 60_000
function fsFailed(path: string, error: unknown): WorktreeError {
  const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message
  return new WorktreeError('WORKTREE_FS_FAILED', `cannot make the folder ${path}: ${code}`, {
    hint: 'Check who owns the folder above it and whether the disk is full or read-only.',
    data: { path },
    cause: error,
  })
}

/** Makes the tree's folder, which must not exist: from then on whatever is in it is this call's. */
function makeFolder(path: string, made: Made): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      made.parents ??= mkdirSync(dirname(path), { recursive: true }) ?? null
    } catch (error) {
      throw fsFailed(dirname(path), error)
    }
    try {
      mkdirSync(path)
      made.folder = true
      return
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === 'EEXIST') {
        throw new WorktreeError('WORKTREE_PATH_TAKEN', `${path} exists already`, {
          hint: 'Take another --name, or move what stands there.',
          data: { path },
        })
      }
      // another creation that failed may have taken the empty parent away again
      if (code !== 'ENOENT' || attempt === 3) throw fsFailed(path, error)
      made.parents = null
    }
  }
}

async function add(plan: CreatePlan): Promise<void> {
  const args = ['worktree', 'add', '--quiet', '--', plan.path, plan.branch]
  await git(args, { cwd: plan.cwd, readOnly: false, timeoutMs: ADD_TIMEOUT_MS, lingerMs: 1_000 })
}

async function forceRemove(commonDir: string, path: string): Promise<boolean> {
  const args = [`--git-dir=${commonDir}`, 'worktree', 'remove', '--force', '--force', '--', path]
  const options = { cwd: commonDir, readOnly: false, timeoutMs: ADD_TIMEOUT_MS }
  try {
    await retryOnContention(() => git(args, options))
    return true
  } catch (error) {
    if (error instanceof WorktreeError && error.code === 'WORKTREE_GIT_FAILED') return false
    throw error
  }
}

/** Takes a tree away that this process has made a moment ago; returns what could not be taken. */
export async function removeMadeTree(commonDir: string, path: string): Promise<string[]> {
  const [admin] = adminDirsAt(readAdminDirs(commonDir), path)
  if (admin !== undefined && (await forceRemove(commonDir, path))) return []
  try {
    // git did not get as far as to make a working tree of it; then it holds nothing
    rmdirSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return [path]
  }
  if (admin !== undefined) rmSync(admin.dir, { recursive: true, force: true })
  return []
}

function removeEmptyParents(path: string, made: Made): void {
  if (made.parents === null || made.parents === undefined) return
  for (let dir = dirname(path); dir.length >= made.parents.length; dir = dirname(dir)) {
    try {
      rmdirSync(dir)
    } catch {
      // another creation uses it by now
      return
    }
  }
}

async function undo(plan: CreatePlan, made: Made): Promise<string[]> {
  const { commonDir, branch, base, path } = plan
  // whoever has committed on it by now keeps it
  if (made.branch && (await branchTip(commonDir, branch)) !== base) return [path, branch]
  const left = made.folder ? await removeMadeTree(commonDir, path) : []
  if (left.length > 0) return made.branch ? [...left, branch] : left
  removeEmptyParents(path, made)
  return made.branch && !(await dropBranch(plan)) ? [branch] : []
}

/** Worktrees by git alone. */
export const gitBackend: CreationBackend = {
  async create(plan, made) {
    try {
      await retryOnContention(() => makeBranch(plan, plan.id))
    } catch (error) {
      // under the reservation only a plain git can have been faster
      await refuseExistingBranch(plan)
      throw error
    }
    made.branch = true
    faultPoint('create:branched')
    makeFolder(plan.path, made)
    await retryOnContention(
      () => add(plan),
      async () => {
        await removeMadeTree(plan.commonDir, plan.path)
        made.folder = false
        makeFolder(plan.path, made)
      },
    )
    return realpathSync(plan.path)
  },
  undo,
}
