import { readFileSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { readAdminDirs } from './admin-dirs.js'

/**
 * Real paths of a repository's working trees that are there now: the main one first, then the linked ones. Read from the files of
 * `.git`, without starting git; a bare repository has no main one.
 *
 * @throws WorktreeError `WORKTREE_FS_FAILED`
 */
export function treeRoots(commonDir: string): string[] {
  const roots = [mainRoot(commonDir), ...readAdminDirs(commonDir).map((admin) => admin.path)]
  return [...new Set(roots.map(realOrNull).filter((root) => root !== null))]
}

function realOrNull(path: string | null): string | null {
  if (path === null) return null
  try {
    return realpathSync(path)
  } catch {
    // registered with git, and gone from the disk: nothing can be written in it
    return null
  }
}

/** The folder around `.git`, or what `core.worktree` names (a submodule's git directory says so). */
function mainRoot(commonDir: string): string | null {
  const configured = coreSettings(commonDir)
  if (configured.worktree !== null) return resolve(commonDir, configured.worktree)
  return basename(commonDir) === '.git' && !configured.bare ? dirname(commonDir) : null
}

function coreSettings(commonDir: string): { worktree: string | null; bare: boolean } {
  let text: string
  try {
    text = readFileSync(join(commonDir, 'config'), 'utf8')
  } catch {
    return { worktree: null, bare: false }
  }
  let section = ''
  const settings = { worktree: null as string | null, bare: false }
  for (const line of text.split('\n')) {
    section = /^\s*\[([^\]]*)\]/.exec(line)?.[1]?.trim().toLowerCase() ?? section
    if (section !== 'core') continue
    const [, name = '', value = ''] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (name.toLowerCase() === 'worktree') settings.worktree = unquoted(value)
    if (name.toLowerCase() === 'bare') settings.bare = value.toLowerCase() === 'true'
  }
  return settings
}

function unquoted(value: string): string {
  return value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1).replace(/\\(["\\])/g, '$1') : value
}
