import { adminDirsAt, readAdminDirs } from './admin-dirs.js'
import type { CreationBackend, Made } from './backends/backend.js'
import { gitBackend } from './backends/git.js'
import { gtrBackend } from './backends/gtr.js'
import { WorktreeError, type WorktreeErrorCode } from './errors.js'
import { faultPoint } from './fault.js'
import { writeMarker } from './marker.js'
import type { CreatePlan } from './plan-create.js'
import { release, reserve, type WorktreeBackend } from './reservations.js'

export interface CreatedWorktree {
  /** Real path. */
  path: string
  branch: string
  base: string
  adminDir: string
}

export interface CreateOptions {
  /** Looked at between the steps; what was made so far is undone. */
  signal?: AbortSignal
}

const BACKENDS: Readonly<Record<WorktreeBackend, CreationBackend>> = { git: gitBackend, gtr: gtrBackend }

// these say by themselves what is in the way
const PASSED_ON: ReadonlySet<WorktreeErrorCode> = new Set([
  'WORKTREE_BRANCH_EXISTS',
  'WORKTREE_PATH_TAKEN',
  'WORKTREE_BACKEND_MISSING',
  'WORKTREE_GIT_MISSING',
  'WORKTREE_FS_FAILED',
])

function createFailed(plan: CreatePlan, cause: unknown, left: readonly string[]): WorktreeError {
  const stay = left.length === 0 ? 'Nothing was left behind.' : `Look at what had to stay: ${left.join(', ')}`
  if (cause instanceof WorktreeError && PASSED_ON.has(cause.code)) {
    const hint = left.length === 0 ? cause.hint : stay
    return new WorktreeError(cause.code, cause.message, {
      ...(hint === undefined ? {} : { hint }),
      data: { ...cause.data, left },
      cause,
    })
  }
  const words = cause instanceof WorktreeError ? String(cause.data['stderr'] ?? '') : ''
  const why = cause instanceof Error ? cause.message : String(cause)
  return new WorktreeError(
    'WORKTREE_CREATE_FAILED',
    `the worktree '${plan.name}' was not created: ${why.split('\n')[0]}`,
    {
      hint: stay,
      data: { name: plan.name, path: plan.path, branch: plan.branch, stderr: words, left },
      cause,
    },
  )
}

async function undoAll(plan: CreatePlan, made: Made): Promise<string[]> {
  try {
    return await BACKENDS[plan.backend].undo(plan, made)
  } catch (error) {
    // the reason for the failure matters more than why clearing up failed as well
    return [plan.path, plan.branch, error instanceof Error ? error.message : String(error)]
  }
}

function adminDirOf(plan: CreatePlan, path: string): string {
  const [admin] = adminDirsAt(readAdminDirs(plan.commonDir), path)
  if (admin !== undefined) return admin.dir
  throw new WorktreeError(
    'WORKTREE_CREATE_FAILED',
    `${path} is not a worktree of this repository after its creation`,
  )
}

/**
 * Makes a branch and a worktree as planned. The name is reserved first, so of several callers one goes on; what fails later undoes
 * exactly what this call made, and a process that is killed leaves a journal for `repairCreations`.
 *
 * @throws WorktreeError `WORKTREE_NAME_TAKEN`, `WORKTREE_BRANCH_EXISTS`, `WORKTREE_PATH_TAKEN`, `WORKTREE_BACKEND_MISSING`,
 * `WORKTREE_FS_FAILED`, `WORKTREE_CREATE_FAILED` (data: `stderr` in git's own words, `left` = what could not be undone)
 */
export async function createWorktree(
  plan: CreatePlan,
  options: CreateOptions = {},
): Promise<CreatedWorktree> {
  const { id, name, path: planned, branch, base, backend, commonDir, owner, createdAt } = plan
  const reservation = {
    version: 1 as const,
    id,
    name,
    path: planned,
    branch,
    base,
    backend,
    owner,
    createdAt,
  }
  options.signal?.throwIfAborted()
  reserve(commonDir, reservation)
  const made: Made = { branch: false, folder: false }
  try {
    faultPoint('create:reserved')
    const path = await BACKENDS[backend].create(plan, made)
    faultPoint('create:added')
    options.signal?.throwIfAborted()
    const adminDir = adminDirOf(plan, path)
    writeMarker(adminDir, { version: 1, id, path, branch, base, createdAt })
    faultPoint('create:marked')
    release(commonDir, reservation)
    faultPoint('create:done')
    return { path, branch, base, adminDir }
  } catch (error) {
    const left = await undoAll(plan, made)
    release(commonDir, reservation)
    throw createFailed(plan, error, left)
  }
}
