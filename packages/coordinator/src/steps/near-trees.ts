import { realpathSync } from 'node:fs'
import { dirname, isAbsolute } from 'node:path'
import { locateRepo, type RepoLocation, treeRoots } from '@pcc/worktree/locate'

/** Working trees of one repository. */
export interface NearTrees {
  commonDir: string
  /** Real path of the main working tree, if it is among them. */
  main: string | null
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

/**
 * The trees of the repository of `start` in which these paths lie, and the one of `start` itself, found upwards from the paths: there
 * may be many others. `null` outside of a repository. Starts no process.
 */
export function nearTrees(start: string, cwd: string, paths: readonly string[]): NearTrees | null {
  const own = locateRepo(start)
  if (own === null) return null
  const folders = new Set(paths.map((path) => folderOf(isAbsolute(path) ? path : `${cwd}/${path}`)))
  const found = [...folders, cwd].map((folder) => (folder === null ? null : locateRepo(folder)))
  const ours = [own, ...found].filter(
    (one): one is RepoLocation & { topLevel: string } =>
      one !== null && one.commonDir === own.commonDir && one.topLevel !== null,
  )
  return {
    commonDir: own.commonDir,
    main: ours.find((one) => one.isMain)?.topLevel ?? null,
    all: [...new Set(ours.map((one) => one.topLevel))],
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
