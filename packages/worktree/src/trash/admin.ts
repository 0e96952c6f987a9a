import { createHash } from 'node:crypto'
import { lstat, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { errnoOf, makeFolder, renameDurably, syncFolder, writeDurably } from './durable.js'
import { kindOf } from './paths.js'
import { plumb } from './plumbing.js'

/** What the `locked` file of a tree says while it is being removed or restored. */
export function lockReason(id: string): string {
  return `parallel-cc: removal ${id}`
}

/** Locks a tree as `git worktree lock` does, so that no prune takes it while it is moved; false when it is locked. */
export async function lockTree(adminDir: string, id: string): Promise<boolean> {
  try {
    const handle = await open(join(adminDir, 'locked'), 'wx')
    await handle.writeFile(`${lockReason(id)}\n`)
    await handle.sync().finally(() => handle.close())
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Takes away the lock that `lockTree` made for this removal, and no other. */
export async function unlockTree(adminDir: string, id: string): Promise<void> {
  const path = join(adminDir, 'locked')
  try {
    if ((await readFile(path, 'utf8')).trimEnd() === lockReason(id)) await rm(path, { force: true })
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}

/** A name under `<common>/worktrees` that is free: the wanted one, else with a number behind it. */
export async function freeAdminName(commonDir: string, wanted: string): Promise<string> {
  for (let number = 0; ; number += 1) {
    const name = number === 0 ? wanted : `${wanted}${number}`
    if ((await kindOf(join(commonDir, 'worktrees', name))) === 'none') return name
  }
}

async function isEmptyFolder(path: string): Promise<boolean> {
  return (await kindOf(path)) === 'directory' && (await readdir(path)).length === 0
}

/**
 * Takes a name under `<common>/worktrees` by making an empty folder, as git does; false when somebody has it. With `again` an empty
 * folder there is one that an interrupted call made.
 */
export async function takeAdminName(commonDir: string, name: string, again: boolean): Promise<boolean> {
  if (await makeFolder(join(commonDir, 'worktrees'), name)) return true
  return again && (await isEmptyFolder(join(commonDir, 'worktrees', name)))
}

/** Moves an admin directory back among git's, onto the empty folder that `takeAdminName` made. */
export async function putAdminBack(from: string, target: string): Promise<void> {
  try {
    await renameDurably(from, target)
  } catch (error) {
    // where a folder cannot replace an empty one
    if (!['EPERM', 'EEXIST', 'EACCES'].includes(errnoOf(error) ?? '') || !(await isEmptyFolder(target)))
      throw error
    await rmdir(target)
    await renameDurably(from, target)
  }
}

/**
 * A fingerprint of what git changes in an admin directory when somebody works in the tree: a difference between two of them means
 * that work may have come in between.
 */
export async function printAdmin(adminDir: string): Promise<string> {
  const hash = createHash('sha256')
  for (const name of ['HEAD', 'index', 'logs/HEAD', 'ORIG_HEAD']) {
    try {
      hash.update(await readFile(join(adminDir, name)))
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw error
      hash.update('absent')
    }
    hash.update('\0')
  }
  return hash.digest('hex')
}

async function replaceFile(path: string, content: string): Promise<void> {
  const mode = (await lstat(path)).mode & 0o777
  const temporary = `${path}.parallel-cc.tmp`
  await writeDurably(temporary, content)
  const handle = await open(temporary, 'r')
  await handle.chmod(mode).finally(() => handle.close())
  await rename(temporary, path)
  await syncFolder(resolve(path, '..'))
}

async function pointAt(dotGit: string, base: string, target: string): Promise<void> {
  if ((await kindOf(dotGit)) !== 'file') return
  const text = await readFile(dotGit, 'utf8')
  const match = /^gitdir: ([\s\S]*?)([\r\n]*)$/.exec(text)
  if (match === null || resolve(base, match[1]!) === target) return
  const absolute = resolve(match[1]!) === match[1]
  await replaceFile(dotGit, `gitdir: ${absolute ? target : relative(base, target)}${match[2]}`)
}

async function submoduleDirs(modules: string): Promise<string[]> {
  if ((await kindOf(modules)) !== 'directory') return []
  const found: string[] = []
  for (const entry of await readdir(modules, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const dir = join(modules, entry.name)
    if ((await kindOf(join(dir, 'HEAD'))) === 'file')
      found.push(dir, ...(await submoduleDirs(join(dir, 'modules'))))
    else found.push(...(await submoduleDirs(dir)))
  }
  return found
}

/** The repositories of a linked tree's submodules: they live in its admin directory, and would go with it. */
export function submoduleRepos(adminDir: string): Promise<string[]> {
  return submoduleDirs(join(adminDir, 'modules'))
}

/** The working tree of a submodule's repository, told from its configuration; `null` when it names none. */
export async function submoduleTree(gitDir: string): Promise<string | null> {
  const args = ['config', '-z', '--file', join(gitDir, 'config'), '--get', 'core.worktree']
  const { code, stdout } = await plumb(args, { gitDir, readOnly: true, okCodes: [0, 1] })
  const value = stdout.toString('utf8').replace(/\0$/, '')
  return code === 0 && value !== '' ? resolve(gitDir, value) : null
}

export interface PointerInput {
  /** Where the tree will stand. */
  path: string
  /** Where it lies now. */
  treePath: string
  adminDir: string
}

/** Makes `.git` of a tree, and of its submodules, name the admin directory. Writes only what says something else. */
export async function mendPointers(input: PointerInput): Promise<void> {
  await pointAt(join(input.treePath, '.git'), input.path, input.adminDir)
  for (const repo of await submoduleRepos(input.adminDir)) {
    const tree = await submoduleTree(repo)
    const inside = tree === null ? '..' : relative(input.path, tree)
    if (tree === null || inside.startsWith('..')) continue
    await pointAt(join(input.treePath, inside, '.git'), tree, repo)
  }
}
