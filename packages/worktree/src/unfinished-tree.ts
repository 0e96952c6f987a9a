import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { WorktreeError } from './errors.js'
import { parseStatus } from './git/parse.js'
import { git } from './git/run.js'
import { inspectTree } from './inspect.js'

/** A tree whose creation was broken off. */
export interface UnfinishedTree {
  path: string
  adminDir: string
  base: string
}

/** git locks a tree with this reason while it fills it. */
export function isInitializing(adminDir: string): boolean {
  try {
    return readFileSync(join(adminDir, 'locked'), 'utf8').trim() === 'initializing'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw new WorktreeError('WORKTREE_FS_FAILED', `cannot read ${join(adminDir, 'locked')}`, { cause: error })
  }
}

function onTree(tree: UnfinishedTree): string[] {
  return [`--git-dir=${tree.adminDir}`, `--work-tree=${tree.path}`]
}

/** git writes the index last: without one, the files that are there are compared with the commit they came from. */
async function holdsOnlyCheckout(tree: UnfinishedTree): Promise<boolean> {
  const index = join(tree.adminDir, 'parallel-cc-index')
  const options = { cwd: tree.path, env: { GIT_INDEX_FILE: index } }
  try {
    await git([...onTree(tree), 'read-tree', tree.base], { ...options, readOnly: false })
    const settings = ['-c', 'core.fsmonitor=false', '-c', 'core.untrackedCache=false']
    const status = [
      'status',
      '--porcelain=v2',
      '-z',
      '--untracked-files=all',
      '--ignored=traditional',
      '--no-renames',
    ]
    const { stdout } = await git(
      [...settings, ...onTree(tree), ...status, '--ignore-submodules=none'],
      options,
    )
    return parseStatus(stdout).entries.every(
      (entry) => entry.kind === 'changed' && entry.staged === '.' && entry.unstaged === 'D',
    )
  } finally {
    rmSync(index, { force: true })
    rmSync(`${index}.lock`, { force: true })
  }
}

/** Whether nobody can have put anything into the tree: it is the checkout of its base, whole or in part, and nothing else. */
export async function holdsNothing(tree: UnfinishedTree): Promise<boolean> {
  if (!existsSync(join(tree.path, '.git'))) return false
  if (!existsSync(join(tree.adminDir, 'index'))) return holdsOnlyCheckout(tree)
  const state = await inspectTree(tree.path, { gitDir: tree.adminDir, ignored: true })
  const { head, staged, unstaged, untracked, conflicted, operation, ignored = [] } = state
  return (
    head === tree.base &&
    operation === null &&
    staged + unstaged + untracked + conflicted + ignored.length === 0
  )
}

/** Makes a tree that git left half filled one that can be worked with: an index, and no lock of a creation that is over. */
export async function completeTree(tree: UnfinishedTree): Promise<void> {
  const stale = isInitializing(tree.adminDir)
  if (stale) rmSync(join(tree.adminDir, 'index.lock'), { force: true })
  if (!existsSync(join(tree.adminDir, 'index'))) {
    await git([...onTree(tree), 'read-tree', tree.base], { cwd: tree.path, readOnly: false })
  }
  if (stale) rmSync(join(tree.adminDir, 'locked'), { force: true })
}
