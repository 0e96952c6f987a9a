import { randomUUID } from 'node:crypto'
import { copyFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { splitNul } from '../git/parse.js'
import { git } from '../git/run.js'
import { kindOf } from '../trash/paths.js'

export interface TreePlace {
  path: string
  gitDir: string
}

/** Runs git on a tree whose git directory is named, so that nothing at the path can lead it elsewhere. */
async function inTree(place: TreePlace, args: readonly string[], extra: TreeCall = {}): Promise<Buffer> {
  const settings = [
    '-c',
    'core.fsmonitor=false',
    '-c',
    'core.untrackedCache=false',
    '-c',
    'core.splitIndex=false',
  ]
  const { stdout } = await git(
    [...settings, `--git-dir=${place.gitDir}`, `--work-tree=${place.path}`, ...args],
    {
      cwd: place.path,
      ...extra,
    },
  )
  return stdout
}

interface TreeCall {
  input?: Buffer
  env?: Record<string, string>
  readOnly?: boolean
}

/** `git ls-files -v` marks what status passes over: lower case is assume-unchanged, S is skip-worktree. */
async function hiddenPaths(place: TreePlace): Promise<Buffer[]> {
  const fields = splitNul(await inTree(place, ['ls-files', '-v', '-z']))
  return fields
    .filter((field) => /^[a-zS] /.test(field.toString('latin1', 0, 2)))
    .map((field) => field.subarray(2))
}

/**
 * The number of files that are changed although git was told not to look at them (`assume-unchanged`, `skip-worktree`). Asked of a
 * copy of the index in which the marks are taken off.
 */
export async function countHiddenChanges(place: TreePlace): Promise<number> {
  const present: Buffer[] = []
  for (const path of await hiddenPaths(place)) {
    // what a sparse checkout left out is not there, and not a deletion
    const full = Buffer.concat([Buffer.from(`${place.path}/`), path])
    if ((await kindOf(full)) !== 'none') present.push(path, Buffer.of(0))
  }
  if (present.length === 0) return 0
  const copy = join(tmpdir(), `parallel-cc-index-${randomUUID()}`)
  try {
    await copyFile(join(place.gitDir, 'index'), copy)
    const options = { env: { GIT_INDEX_FILE: copy }, readOnly: false }
    const input = Buffer.concat(present)
    await inTree(place, ['update-index', '-z', '--no-assume-unchanged', '--stdin'], { ...options, input })
    await inTree(place, ['update-index', '-z', '--no-skip-worktree', '--stdin'], { ...options, input })
    return splitNul(
      await inTree(place, ['diff-files', '--name-only', '-z', '--ignore-submodules=all'], options),
    ).length
  } finally {
    await rm(copy, { force: true })
    await rm(`${copy}.lock`, { force: true })
  }
}

/** As in a `.gitignore`: without a slash it matches at any depth, with one from the root; `/` at the end means a folder. */
function pathspec(pattern: string): string {
  const negated = pattern.startsWith('!')
  let glob = negated ? pattern.slice(1) : pattern
  const folder = glob.endsWith('/')
  if (folder) glob = glob.slice(0, -1)
  const anchored = glob.includes('/')
  glob = glob.replace(/^\//, '')
  const full = `${anchored ? '' : '**/'}${glob}${folder ? '/**' : ''}`
  return `:(top,glob${negated ? ',exclude' : ''})${full}`
}

/** The ignored files that match one of the globs. git itself does the matching. */
export async function ignoredMatches(place: TreePlace, globs: readonly string[]): Promise<string[]> {
  if (globs.every((glob) => glob.startsWith('!'))) return []
  const args = ['ls-files', '--others', '--ignored', '--exclude-standard', '-z', '--', ...globs.map(pathspec)]
  return splitNul(await inTree(place, args)).map((field) => field.toString('utf8'))
}

/** Repositories that lie in ignored folders, as far as they are a folder that git names: `vendor/lib/` with a `.git` in it. */
export async function ignoredRepositories(place: TreePlace): Promise<string[]> {
  const args = ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z']
  const found: string[] = []
  for (const field of splitNul(await inTree(place, args))) {
    const path = field.toString('utf8')
    if (path.endsWith('/') && (await kindOf(join(place.path, path, '.git'))) !== 'none') found.push(path)
  }
  return found
}
