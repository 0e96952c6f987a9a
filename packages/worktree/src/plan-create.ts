import { accessSync, constants, lstatSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { adminDirsAt, readAdminDirs } from './admin-dirs.js'
import { WorktreeError } from './errors.js'
import { gitText } from './git/run.js'
import { worktreesDirOf } from './locations.js'
import { checkName, slugOf } from './names.js'
import type { Repo } from './repo.js'
import { type CreationOwner, nameTaken, readReservation, type WorktreeBackend } from './reservations.js'

export interface CreateRequest {
  repo: Repo
  /** A slug: it is the branch and the folder. */
  name: string
  /** Full commit id; `''` where HEAD has no commit yet. */
  base: string
  /** Of the creation; it ends up in the tree's marker. */
  id: string
  owner: CreationOwner
  /** ISO 8601, UTC. */
  now: string
  /** Configured folder for worktrees (`worktree.dir`). */
  worktreesDir?: string
  /** @default 'git' */
  backend?: WorktreeBackend
}

/** What a creation is going to do: JSON-safe, to be printed or carried out. */
export interface CreatePlan {
  id: string
  name: string
  /** Where the tree will stand. gtr puts it where its own configuration says; the result names the place. */
  path: string
  branch: string
  base: string
  backend: WorktreeBackend
  commonDir: string
  /** Where git runs. */
  cwd: string
  owner: CreationOwner
  createdAt: string
}

const fold = (text: string): string => text.normalize('NFC').toLowerCase()

/**
 * The existing branch that keeps a new one from being made: the same name, one that differs in case only, or one that would have to
 * be a folder and a file at once (`a` and `a/b`).
 */
export function clashingBranch(existing: readonly string[], wanted: string): string | null {
  const name = fold(wanted)
  const clash = (branch: string): boolean => {
    const other = fold(branch)
    return other === name || other.startsWith(`${name}/`) || name.startsWith(`${other}/`)
  }
  return existing.find((branch) => branch === wanted) ?? existing.find(clash) ?? null
}

function branchExists(wanted: string, clash: string): WorktreeError {
  const how = clash === wanted ? 'exists already' : `cannot exist beside '${clash}'`
  return new WorktreeError('WORKTREE_BRANCH_EXISTS', `the branch '${wanted}' ${how}`, {
    hint: 'Take another --name.',
    data: { branch: wanted, existing: clash },
  })
}

function pathTaken(path: string, what: string, hint: string): WorktreeError {
  return new WorktreeError('WORKTREE_PATH_TAKEN', `${path} ${what}`, { hint, data: { path } })
}

function notUsable(path: string, why: string, cause?: unknown): WorktreeError {
  return new WorktreeError('WORKTREE_FS_FAILED', `no worktree can be made in ${path}: ${why}`, {
    hint: 'Make it a folder that you may write to, or set worktree.dir to another one.',
    data: { path },
    cause,
  })
}

function lstatOrNull(path: string): ReturnType<typeof lstatSync> | null {
  try {
    return lstatSync(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return null
    throw notUsable(dirname(path), code ?? 'it cannot be read', error)
  }
}

/** The first folder on the way up that is there must be one that we may write to. */
function checkParent(dir: string): void {
  let place = dir
  while (lstatOrNull(place) === null) place = dirname(place)
  try {
    if (!statSync(place).isDirectory()) throw notUsable(dir, `${place} is not a folder`)
    accessSync(place, constants.W_OK | constants.X_OK)
  } catch (error) {
    if (error instanceof WorktreeError) throw error
    throw notUsable(dir, `${place}: ${(error as NodeJS.ErrnoException).code}`, error)
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return []
    throw notUsable(dir, code ?? 'it cannot be read', error)
  }
}

function checkPath(path: string, commonDir: string): void {
  if (lstatOrNull(path) !== null) {
    throw pathTaken(path, 'exists already', 'Take another --name, or move what stands there.')
  }
  const dir = dirname(path)
  const wanted = fold(basename(path))
  const alike = namesIn(dir).find((name) => fold(name) === wanted)
  if (alike !== undefined) {
    throw pathTaken(path, `differs from ${join(dir, alike)} in case only`, 'Take another --name.')
  }
  if (adminDirsAt(readAdminDirs(commonDir), path).length > 0) {
    throw pathTaken(
      path,
      'is a registered worktree whose folder is missing',
      'Run `git worktree prune`, or take another --name.',
    )
  }
}

/** All local branches, without `refs/heads/`. */
async function localBranches(commonDir: string): Promise<string[]> {
  const text = await gitText(
    [`--git-dir=${commonDir}`, 'for-each-ref', '--format=%(refname)', 'refs/heads'],
    {
      cwd: commonDir,
    },
  )
  // a ref's name cannot hold a newline
  return text === '' ? [] : text.split('\n').map((ref) => ref.slice('refs/heads/'.length))
}

function checkBase(request: CreateRequest): void {
  const { repo, base } = request
  if (base === '' && !repo.hasCommits) {
    throw new WorktreeError(
      'WORKTREE_NO_COMMITS',
      `the repository at ${repo.topLevel ?? repo.commonDir} has no commit yet`,
      {
        hint: 'Make the first commit: git commit --allow-empty -m "first"',
        data: { commonDir: repo.commonDir },
      },
    )
  }
  if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(base)) {
    throw new WorktreeError('WORKTREE_BAD_REF', `'${base}' is not a full commit id`, { data: { ref: base } })
  }
}

/**
 * Decides what a creation will do, and refuses early. Touches nothing.
 *
 * @throws WorktreeError `WORKTREE_NO_COMMITS`, `WORKTREE_BAD_REF`, `WORKTREE_BAD_NAME`, `WORKTREE_NAME_TAKEN` (another creation has
 * the name), `WORKTREE_BRANCH_EXISTS`, `WORKTREE_PATH_TAKEN`, `WORKTREE_FS_FAILED` (the folder for it cannot be written)
 */
export async function planCreate(request: CreateRequest): Promise<CreatePlan> {
  const { repo, name } = request
  checkBase(request)
  checkName(name)
  if (slugOf(name) !== name) {
    throw new WorktreeError('WORKTREE_BAD_NAME', `'${name}' cannot be a branch and a folder as it is`, {
      data: { name },
    })
  }
  const { commonDir } = repo
  const held = readReservation(commonDir, name)
  if (held !== null) throw nameTaken(name, held.reservation)
  const clash = clashingBranch(await localBranches(commonDir), name)
  if (clash !== null) throw branchExists(name, clash)
  const backend = request.backend ?? 'git'
  const path = join(worktreesDirOf(repo, request.worktreesDir), name)
  if (backend === 'git') {
    checkParent(dirname(path))
    checkPath(path, commonDir)
  }
  return {
    id: request.id,
    name,
    path,
    branch: name,
    base: request.base,
    backend,
    commonDir,
    cwd: (backend === 'gtr' ? repo.mainWorktree : repo.topLevel) ?? repo.topLevel ?? commonDir,
    owner: request.owner,
    createdAt: request.now,
  }
}

/** As {@link planCreate} does, at the moment of acting. */
export async function refuseExistingBranch(plan: CreatePlan): Promise<void> {
  const clash = clashingBranch(await localBranches(plan.commonDir), plan.branch)
  if (clash !== null) throw branchExists(plan.branch, clash)
}
