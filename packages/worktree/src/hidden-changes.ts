import { copyFileSync, lstatSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseStatus, splitNul } from './git/parse.js'
import { git } from './git/run.js'
import { mayHideFiles } from './index-flags.js'

export interface HiddenChangesRequest {
  path: string
  gitDir: string
  /** Global git arguments: settings, and the place when it is not found from `path`. */
  args: readonly string[]
  /** Arguments of `git status`. */
  status: readonly string[]
}

function isThere(path: string, relative: Buffer): boolean {
  try {
    lstatSync(Buffer.concat([Buffer.from(`${path}/`), relative]))
    return true
  } catch {
    // as a sparse checkout leaves it
    return false
  }
}

function indexMayHide(gitDir: string): boolean {
  try {
    return mayHideFiles(readFileSync(join(gitDir, 'index')))
  } catch (error) {
    // without an index nothing is hidden; git says what is wrong with one that cannot be read
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}

/** Paths that the index tells git not to look at (`assume-unchanged`, `skip-worktree`) although a file is there. */
async function hiddenPaths({ path, args }: HiddenChangesRequest): Promise<Buffer[]> {
  const { stdout } = await git([...args, 'ls-files', '-v', '-z'], { cwd: path })
  return splitNul(stdout)
    .filter((field) => /^[Sa-z] /.test(field.toString('latin1', 0, 2)))
    .map((field) => field.subarray(2))
    .filter((relative) => isThere(path, relative))
}

/**
 * Changes that `git status` keeps quiet about because the index says so. The tree's own index is not touched: a copy without those
 * flags is asked.
 */
export async function hiddenChanges(request: HiddenChangesRequest): Promise<string[]> {
  if (!indexMayHide(request.gitDir)) return []
  const hidden = await hiddenPaths(request)
  if (hidden.length === 0) return []
  const { path, gitDir, args, status } = request
  const temporary = mkdtempSync(join(tmpdir(), 'parallel-cc-index-'))
  try {
    const index = join(temporary, 'index')
    copyFileSync(join(gitDir, 'index'), index)
    const options = { cwd: path, env: { GIT_INDEX_FILE: index } }
    const input = Buffer.concat(hidden.flatMap((relative) => [relative, Buffer.from([0])]))
    for (const flag of ['--no-assume-unchanged', '--no-skip-worktree']) {
      await git([...args, 'update-index', '-z', flag, '--stdin'], { ...options, input, readOnly: false })
    }
    const { stdout } = await git([...args, ...status], options)
    const names = new Set(hidden.map((relative) => relative.toString('latin1')))
    return parseStatus(stdout)
      .entries.filter((entry) => entry.unstaged !== '.' && names.has(entry.rawPath.toString('latin1')))
      .map((entry) => entry.path)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}
