import { realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute } from 'node:path'
import { locateRepo, type RepoLocation, treeRoots } from '@pcc/worktree/locate'

/** Working trees of one repository. */
export interface NearTrees {
  commonDir: string
  /** Real path of the main working tree, if it is among them. */
  main: string | null
  /** The one that the call is made in. */
  standing: string | null
  all: readonly string[]
}

/** The real folder that a path, which need not exist, lies in: that of where its links lead to, as far as they do. */
function folderOf(path: string): string | null {
  try {
    return dirname(realpathSync.native(path))
  } catch {
    // not there yet
  }
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    try {
      return realpathSync.native(path.slice(0, at))
    } catch {
      // nor is this part of it
    }
  }
  return null
}

function hasOwnGit(folder: string): boolean {
  return statSync(`${folder}/.git`, { throwIfNoEntry: false }) !== undefined
}

/** The tree that a real folder is in. Below a known one only the folders between can begin another. */
function treeAt(folder: string, known: RepoLocation): RepoLocation | null {
  if (known.topLevel === null || !`${folder}/`.startsWith(`${known.topLevel}/`)) return locateRepo(folder)
  for (let at = folder; at.length > known.topLevel.length; at = dirname(at)) {
    if (hasOwnGit(at)) return locateRepo(folder)
  }
  return known
}

/**
 * The trees of the repository of `start` in which these paths lie, and the one of `start` itself, found upwards from the paths: there
 * may be many others. `null` outside of a repository. Starts no process.
 */
export function nearTrees(start: string, cwd: string, paths: readonly string[]): NearTrees | null {
  const own = locateRepo(start)
  if (own === null) return null
  const located = (folder: string | null): RepoLocation | null => {
    const found = folder === null ? null : treeAt(folder, own)
    return found?.commonDir === own.commonDir ? found : null
  }
  const here = located(cwd === own.topLevel ? cwd : realFolder(cwd))
  const folders = new Set(paths.map((path) => folderOf(isAbsolute(path) ? path : `${cwd}/${path}`)))
  const all = [own, here, ...[...folders].map(located)].filter((one) => one !== null)
  return {
    commonDir: own.commonDir,
    main: all.find((one) => one.isMain)?.topLevel ?? null,
    standing: here?.topLevel ?? null,
    all: [...new Set(all.map((one) => one.topLevel).filter((tree) => tree !== null))],
  }
}

function realFolder(path: string): string | null {
  try {
    return realpathSync.native(path)
  } catch {
    // no call can be made from there, but its absolute paths mean something
    return null
  }
}

/**
 * The same with all trees that there are: for a path that is in none of those near it, since a link that leads nowhere yet may lead
 * into any.
 *
 * @throws WorktreeError `WORKTREE_FS_FAILED`
 */
export function withAllTrees(near: NearTrees): NearTrees {
  const all = [...new Set([...near.all, ...treeRoots(near.commonDir)])]
  return { ...near, all, main: near.main ?? all.find((tree) => locateRepo(tree)?.isMain === true) ?? null }
}
