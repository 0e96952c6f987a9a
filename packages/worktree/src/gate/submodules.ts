import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { splitNul } from '../git/parse.js'
import { git } from '../git/run.js'
import { inspectTree } from '../inspect.js'
import { submoduleRepos, submoduleTree } from '../trash/admin.js'
import { kindOf } from '../trash/paths.js'
import type { TreePlace } from './files.js'
import { counted, type Refusal, refuse } from './reasons.js'

/** A submodule that is checked out, or whose repository would leave with the tree. */
export interface Submodule {
  /** Its folder; `null` for a repository whose folder is gone. */
  path: string | null
  gitDir: string
}

async function gitDirOf(path: string): Promise<string | null> {
  const dotGit = join(path, '.git')
  const kind = await kindOf(dotGit)
  if (kind === 'directory') return dotGit
  if (kind !== 'file') return null
  const pointer = /^gitdir: ([\s\S]*?)[\r\n]*$/.exec(await readFile(dotGit, 'utf8'))?.[1]
  return pointer === undefined ? null : resolve(path, pointer)
}

async function gitlinks(place: TreePlace): Promise<string[]> {
  const args = [`--git-dir=${place.gitDir}`, `--work-tree=${place.path}`, 'ls-files', '-s', '-z']
  const { stdout } = await git(args, { cwd: place.path })
  return splitNul(stdout).flatMap((field) => {
    const text = field.toString('utf8')
    return text.startsWith('160000 ') ? [text.slice(text.indexOf('\t') + 1)] : []
  })
}

async function populated(place: TreePlace): Promise<Submodule[]> {
  const found: Submodule[] = []
  for (const link of await gitlinks(place)) {
    const path = join(place.path, link)
    const gitDir = await gitDirOf(path)
    if (gitDir === null) continue
    found.push({ path, gitDir }, ...(await populated({ path, gitDir })))
  }
  return found
}

/** All submodules of a tree, at any depth: those in its folders, and the repositories in its admin directory. */
export async function submodulesOf(place: TreePlace): Promise<Submodule[]> {
  const found = await populated(place)
  const known = new Set(found.map(({ gitDir }) => gitDir))
  for (const gitDir of await submoduleRepos(place.gitDir)) {
    if (known.has(gitDir)) continue
    const tree = await submoduleTree(gitDir)
    const isThere = tree !== null && (await gitDirOf(tree)) === gitDir
    found.push({ path: isThere ? tree : null, gitDir })
  }
  return found
}

async function count(gitDir: string, revisions: readonly string[]): Promise<number> {
  const args = ['--no-replace-objects', `--git-dir=${gitDir}`, 'rev-list', '--count', ...revisions]
  return Number((await git(args, { cwd: gitDir })).stdout.toString('utf8'))
}

async function hasRef(gitDir: string, name: string): Promise<boolean> {
  const args = [`--git-dir=${gitDir}`, 'rev-parse', '--verify', '--quiet', `${name}^{commit}`]
  return (await git(args, { cwd: gitDir, okCodes: [0, 1] })).code === 0
}

async function submoduleRefusals(submodule: Submodule, name: string): Promise<Refusal[]> {
  const refusals: Refusal[] = []
  if (submodule.path !== null) {
    const state = await inspectTree(submodule.path, { gitDir: submodule.gitDir })
    const changed = state.staged + state.unstaged + state.untracked + state.conflicted
    if (changed > 0)
      refusals.push(refuse('submodule', `submodule ${name}: ${counted(changed, 'uncommitted change')}`))
    if (state.operation !== null)
      refusals.push(refuse('submodule', `submodule ${name}: a ${state.operation} is under way`))
  }
  const tips = (await hasRef(submodule.gitDir, 'HEAD')) ? ['HEAD', '--branches'] : ['--branches']
  const unpushed = await count(submodule.gitDir, [...tips, '--not', '--remotes'])
  if (unpushed > 0) {
    refusals.push(refuse('submodule', `submodule ${name}: ${counted(unpushed, 'commit')} that no remote has`))
  }
  if (await hasRef(submodule.gitDir, 'refs/stash')) {
    refusals.push(refuse('submodule', `submodule ${name}: it has a stash`))
  }
  return refusals
}

/** What would be lost with the submodules of a tree: uncommitted work, commits that no remote has, stashes. */
export async function judgeSubmodules(
  place: TreePlace,
  submodules: readonly Submodule[],
): Promise<Refusal[]> {
  const refusals: Refusal[] = []
  for (const submodule of submodules) {
    const name = (submodule.path ?? submodule.gitDir).replace(`${place.path}/`, '')
    refusals.push(...(await submoduleRefusals(submodule, name)))
  }
  return refusals
}
