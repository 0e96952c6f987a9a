import { readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

export { treeRoots } from './tree-roots.js'

/** Where a directory stands, told from the files of `.git` alone: no process is started. */
export interface RepoLocation {
  /** Real path of the git common directory: what all worktrees of one repository share. */
  commonDir: string
  /** Real path of this worktree's own git directory; equal to `commonDir` in the main worktree. */
  gitDir: string
  /** Real path of the working tree's root; `null` inside a bare repository. */
  topLevel: string | null
  /** True in the main working tree, false in a linked one and in a bare repository. */
  isMain: boolean
}

function statKind(path: string): 'file' | 'directory' | 'none' {
  try {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat === undefined) return 'none'
    return stat.isDirectory() ? 'directory' : stat.isFile() ? 'file' : 'none'
  } catch {
    // unreadable and absent are the same answer here: git would not use it either
    return 'none'
  }
}

function readTrimmed(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').replace(/[\r\n]+$/, '')
  } catch {
    return null
  }
}

function looksLikeGitDir(path: string): boolean {
  return (
    statKind(join(path, 'HEAD')) === 'file' &&
    (statKind(join(path, 'commondir')) === 'file' ||
      (statKind(join(path, 'objects')) === 'directory' && statKind(join(path, 'refs')) === 'directory'))
  )
}

function fromGitDir(gitDir: string, topLevel: string | null): RepoLocation {
  const own = realpathSync(gitDir)
  const pointer = readTrimmed(join(own, 'commondir'))
  const commonDir = pointer === null ? own : realpathSync(resolve(own, pointer))
  return { commonDir, gitDir: own, topLevel, isMain: topLevel !== null && own === commonDir }
}

/** The linked worktree whose git directory this is, when the caller stands inside that git directory. */
function insideGitDir(path: string): RepoLocation | null {
  if (!looksLikeGitDir(path)) return null
  if (basename(path) === '.git') return fromGitDir(path, dirname(path))
  const pointer = readTrimmed(join(path, 'gitdir'))
  if (pointer !== null && statKind(join(path, 'commondir')) === 'file') {
    return fromGitDir(path, dirname(resolve(path, pointer)))
  }
  return fromGitDir(path, null)
}

function atDirectory(path: string): RepoLocation | null {
  const dotGit = join(path, '.git')
  const kind = statKind(dotGit)
  if (kind === 'directory' && looksLikeGitDir(dotGit)) return fromGitDir(dotGit, path)
  if (kind === 'file') {
    const pointer = readTrimmed(dotGit)
    if (pointer?.startsWith('gitdir: ')) {
      const gitDir = resolve(path, pointer.slice('gitdir: '.length))
      if (looksLikeGitDir(gitDir)) return fromGitDir(gitDir, path)
    }
  }
  return insideGitDir(path)
}

/**
 * Finds the repository that a directory belongs to: from a sub-folder, through symbolic links, in a linked worktree, in a
 * submodule, in a bare repository. Reads `.git` by itself, because a hook has no time to start git; `GIT_DIR` and its like are not
 * looked at. Returns `null` outside a repository.
 */
export function locateRepo(directory: string): RepoLocation | null {
  let path: string
  try {
    path = realpathSync(directory)
  } catch {
    return null
  }
  for (;;) {
    const found = atDirectory(path)
    if (found !== null) return found
    const parent = dirname(path)
    if (parent === path) return null
    path = parent
  }
}

/** The branch that a git directory's HEAD names, or `null` when it is detached or unreadable. */
export function headBranch(gitDir: string): string | null {
  const head = readTrimmed(join(gitDir, 'HEAD'))
  const prefix = 'ref: refs/heads/'
  return head?.startsWith(prefix) ? head.slice(prefix.length) : null
}
