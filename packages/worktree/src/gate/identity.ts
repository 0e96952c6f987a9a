import { readFile, realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { listWorktrees, type WorktreeEntry } from '../list.js'
import type { Repo } from '../repo.js'
import { errnoOf } from '../trash/durable.js'
import { kindOf } from '../trash/paths.js'
import { type Refusal, refuse } from './reasons.js'

/** A linked worktree of this repository, proven from both sides. */
export interface Registered {
  entry: WorktreeEntry
  adminDir: string
  /** Real path of the tree. */
  path: string
  /** Other trees of the repository. */
  others: WorktreeEntry[]
}

/** The real path of a folder whose last component is not followed. */
async function realParent(path: string): Promise<string> {
  return join(await realpath(dirname(resolve(path))), basename(resolve(path)))
}

async function realOrSame(path: string): Promise<string> {
  try {
    return await realParent(path)
  } catch (error) {
    if (errnoOf(error) === null) throw error
    return resolve(path)
  }
}

async function pathRefusal(path: string): Promise<Refusal | null> {
  const kind = await kindOf(path)
  if (kind === 'none') return refuse('missing', `nothing is at ${path}`)
  if (kind === 'link') return refuse('not-registered', `${path} is a symbolic link`)
  return kind === 'directory' ? null : refuse('not-registered', `${path} is not a directory`)
}

/** What `.git` in the tree must be: a plain file that names this admin directory, which names it back. */
async function pointerRefusal(path: string, adminDir: string, commonDir: string): Promise<Refusal | null> {
  const dotGit = join(path, '.git')
  const kind = await kindOf(dotGit)
  if (kind === 'directory') return refuse('not-registered', `${path} holds a repository of its own`)
  if (kind !== 'file')
    return refuse('not-registered', `${dotGit} is not a file that names a worktree of this repository`)
  const pointer = /^gitdir: ([\s\S]*?)[\r\n]*$/.exec(await readFile(dotGit, 'utf8'))?.[1]
  const named = pointer === undefined ? null : resolve(path, pointer)
  if (
    named === null ||
    (await kindOf(named)) !== 'directory' ||
    (await realpath(named)) !== (await realpath(adminDir))
  ) {
    return refuse('not-registered', `${dotGit} names ${pointer ?? 'nothing'}, not ${adminDir}`)
  }
  const back = (await readFile(join(adminDir, 'gitdir'), 'utf8')).replace(/[\r\n]+$/, '')
  if ((await realOrSame(dirname(resolve(adminDir, back)))) !== path) {
    return refuse('not-registered', `${adminDir} belongs to ${back}, not to ${path}`)
  }
  const common = (await readFile(join(adminDir, 'commondir'), 'utf8')).replace(/[\r\n]+$/, '')
  if ((await realpath(resolve(adminDir, common))) !== commonDir) {
    return refuse('not-registered', `${path} belongs to another repository`)
  }
  return null
}

/**
 * Finds the linked worktree of `repo` that stands at `path`, or says why what is there is none: a main tree, another repository, a
 * link, nothing.
 */
export async function findRegistered(repo: Repo, path: string): Promise<Registered | Refusal> {
  const real = await realOrSame(path)
  const entries = await listWorktrees(repo)
  const paths = await Promise.all(entries.map((entry) => realOrSame(entry.path)))
  const at = paths.indexOf(real)
  const entry = at === -1 ? undefined : entries[at]
  const isMain = entry?.isMain === true || real === repo.mainWorktree || real === repo.commonDir
  if (isMain) return refuse('main-worktree', `${real} is the main working tree`)
  const wrong = await pathRefusal(real)
  if (wrong !== null) return wrong
  if (entry === undefined) return refuse('not-registered', `${real} is not a worktree of this repository`)
  const { adminDir } = entry
  if (adminDir === null) return refuse('unreadable', `git's directory for ${real} was not found`)
  if (dirname(adminDir) !== join(repo.commonDir, 'worktrees')) {
    return refuse('not-registered', `${adminDir} is not among this repository's worktrees`)
  }
  const refusal = await pointerRefusal(real, adminDir, repo.commonDir)
  if (refusal !== null) return refusal
  return { entry, adminDir, path: real, others: entries.filter((other) => other !== entry) }
}

/** The trees of this repository that stand inside another one of it, which moving that one would break. */
export async function treesInside(registered: Registered): Promise<string[]> {
  const paths = await Promise.all(registered.others.map((other) => realOrSame(other.path)))
  return paths.filter((other) => other.startsWith(registered.path + sep))
}
