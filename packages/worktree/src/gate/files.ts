import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { splitNul } from '../git/parse.js'
import { kindOf } from '../trash/paths.js'
import { plumb } from '../trash/plumbing.js'

export interface TreePlace {
  path: string
  gitDir: string
}

/** Runs git on a tree whose git directory is named, so that nothing at the path can lead it elsewhere. */
async function inTree(place: TreePlace, args: readonly string[]): Promise<Buffer> {
  return (await plumb(args, { gitDir: place.gitDir, workTree: place.path, readOnly: true })).stdout
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

async function holdsGit(root: string, folder: string): Promise<boolean> {
  return (await kindOf(join(root, folder, '.git'))) !== 'none'
}

/**
 * Repositories that lie in ignored folders: in one that git names as ignored, or directly below it. Deeper ones are those that
 * build tools fetch.
 */
export async function ignoredRepositories(place: TreePlace): Promise<string[]> {
  const args = ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z']
  const found: string[] = []
  for (const field of splitNul(await inTree(place, args))) {
    const folder = field.toString('utf8')
    if (!folder.endsWith('/') || (await kindOf(join(place.path, folder))) !== 'directory') continue
    const entries = await readdir(join(place.path, folder), { withFileTypes: true })
    const below = entries.flatMap((entry) => (entry.isDirectory() ? [`${folder}${entry.name}/`] : []))
    for (const candidate of [folder, ...below])
      if (await holdsGit(place.path, candidate)) found.push(candidate)
  }
  return found
}
