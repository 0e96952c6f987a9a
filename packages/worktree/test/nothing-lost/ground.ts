import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { type Files, setProcessEnv, type TempRepo, tempRepo } from '@pcc/test-kit'
import {
  type DiscardKind,
  type GateInput,
  type GateVerdict,
  judgeRemoval,
  type KeepReason,
} from '../../src/gate.js'
import { writeMarker } from '../../src/marker.js'
import { type RemoveOptions, type RemoveOutcome, removeWorktree } from '../../src/remove.js'
import { openRepo, type Repo } from '../../src/repo.js'
import type { RemovalActor, RemovalOwner } from '../../src/trash/lock.js'

export const NOW = '2026-03-04T05:06:07.000Z'

export const OWNER: RemovalOwner = { pid: process.pid, processStart: 'start-of-this-test' }

/** This test is the only process that lives. */
export const ACTOR: RemovalActor = {
  now: NOW,
  owner: OWNER,
  isAlive: (owner) => owner.processStart === OWNER.processStart && owner.pid === OWNER.pid,
}

export interface Ground {
  git: TempRepo
  repo: Repo
}

/** A repository with one commit, open, and the environment of this process set to its. */
export async function ground(files?: Files): Promise<Ground> {
  const git = tempRepo(files === undefined ? {} : { files })
  setProcessEnv(git.env)
  return { git, repo: await openRepo(git.root) }
}

export interface Tree {
  path: string
  branch: string
  adminDir: string
  base: string
}

/** A linked worktree made and marked as this tool does it. */
export function addTree({ git }: Ground, name = 'alpha', branch = name): Tree {
  const path = join(git.base, 'repo-worktrees', name)
  git.git('worktree', 'add', '-q', '-b', branch, path)
  const adminDir = realpathSync(git.gitIn(path, 'rev-parse', '--absolute-git-dir'))
  const base = git.gitIn(path, 'rev-parse', 'HEAD')
  writeMarker(adminDir, { version: 1, id: `id-${name}`, path, branch, base, createdAt: NOW })
  return { path: realpathSync(path), branch, adminDir, base }
}

/** What is in `main` has landed, nothing else; told by git alone. */
export function landedInMain({ git }: Ground): GateInput['landed'] {
  return async ({ head, base }) => {
    if (head === base) return { state: 'no-work', method: null }
    const missing = git.git('rev-list', '--count', head, '--not', 'main')
    return missing === '0' ? { state: 'landed', method: 'ancestor' } : { state: 'not-landed', method: null }
  }
}

export const squashLanded: GateInput['landed'] = async () => ({ state: 'landed', method: 'patch-id' })

export function judge(on: Ground, path: string, more: Partial<GateInput> = {}): Promise<GateVerdict> {
  return judgeRemoval({
    repo: on.repo,
    path,
    hasLiveSession: false,
    defaultBranch: 'main',
    landed: landedInMain(on),
    ...more,
  })
}

export function reasonsOf(verdict: GateVerdict): KeepReason[] {
  return verdict.reasons.map(({ reason }) => reason)
}

export interface RemoveMore extends Partial<RemoveOptions> {
  gate?: Partial<GateInput>
}

/** Judges and removes. */
export async function remove(on: Ground, path: string, more: RemoveMore = {}): Promise<RemoveOutcome> {
  const { gate = {}, ...options } = more
  const verdict = await judge(on, path, gate)
  const recheck = (): Promise<GateVerdict> => judge(on, path, gate)
  return removeWorktree(verdict, { ...ACTOR, repo: on.repo, id: 'r1', recheck, ...options })
}

export const DISCARD_ALL: readonly DiscardKind[] = ['uncommitted', 'untracked', 'unlanded']

function walk(root: string, prefix: string, into: Record<string, string>, skip: ReadonlySet<string>): void {
  for (const name of readdirSync(join(root, prefix)).toSorted()) {
    const path = join(prefix, name)
    if (skip.has(path)) continue
    const stat = lstatSync(join(root, path), { bigint: true })
    const mode = (stat.mode & 0o7777n).toString(8)
    if (stat.isSymbolicLink()) into[path] = `link ${readlinkSync(join(root, path))}`
    else if (stat.isDirectory()) {
      into[`${path}/`] = `folder ${mode}`
      walk(root, path, into, skip)
    } else {
      const hash = createHash('sha256')
        .update(readFileSync(join(root, path)))
        .digest('hex')
      // git itself moves the time of a shared index each time it reads it
      into[path] = `file ${mode} ${name.startsWith('sharedindex.') ? '' : stat.mtimeNs} ${hash}`
    }
  }
}

/** Every path below a folder with its kind, mode, time of change and content. */
export function filesOf(root: string, skip: string[] = []): Record<string, string> {
  const files: Record<string, string> = {}
  walk(root, '', files, new Set(skip))
  return files
}

export interface Snapshot {
  files: Record<string, string>
  admin: Record<string, string>
  index: string
  status: string
  head: string
  branch: string | null
  branchReflog: string | null
  branchConfig: string
}

function config({ git }: Ground, branch: string): string {
  const all = git.git('config', '--local', '--list').split('\n')
  return all
    .filter((line) => line.startsWith(`branch.${branch}.`))
    .toSorted()
    .join('\n')
}

/** All that `restore` promises to bring back. Takes no optional lock, so that looking changes nothing. */
export function snapshot(
  on: Ground,
  tree: Pick<Tree, 'path' | 'adminDir'> & { branch: string | null },
): Snapshot {
  const { git } = on
  const at = (...args: string[]): string => git.gitIn(tree.path, '--no-optional-locks', ...args)
  const reflog = join(on.repo.commonDir, 'logs', 'refs', 'heads', tree.branch ?? 'none')
  return {
    files: filesOf(tree.path),
    admin: filesOf(tree.adminDir),
    index: at('ls-files', '-s', '-z', '-v'),
    status: at('status', '--porcelain=v2', '--branch', '-z', '--ignored', '--untracked-files=all'),
    head: at('rev-parse', 'HEAD'),
    branch: tree.branch === null ? null : at('rev-parse', `refs/heads/${tree.branch}`),
    branchReflog: existsSync(reflog) ? readFileSync(reflog, 'utf8') : null,
    branchConfig: tree.branch === null ? '' : config(on, tree.branch),
  }
}

/** What a person without this tool would do, and what throws work away. */
export function forceAway({ git }: Ground, tree: Tree): void {
  git.git('worktree', 'remove', '--force', '--force', tree.path)
  git.git('branch', '-D', tree.branch)
}

/** True when the object survives the strictest garbage collection. */
export function survivesGc({ git }: Ground, object: string): boolean {
  git.git('reflog', 'expire', '--expire=now', '--expire-unreachable=now', '--all')
  git.git('gc', '--quiet', '--prune=now')
  return exists({ git }, object)
}

export function exists({ git }: Pick<Ground, 'git'>, object: string): boolean {
  try {
    git.git('cat-file', '-e', object)
    return true
  } catch {
    return false
  }
}
