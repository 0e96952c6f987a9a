import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { locateRepo } from './locate.js'
import { slugOf } from './names.js'
import type { Repo } from './repo.js'

interface Superproject {
  topLevel: string
  gitDir: string
}

/** The working tree that holds this submodule, told by the submodule's git directory lying inside the outer one's. */
function superprojectOf(tree: string, gitDir: string): Superproject | null {
  const outer = locateRepo(dirname(tree))
  if (outer === null || outer.topLevel === null) return null
  return gitDir.startsWith(join(outer.gitDir, 'modules') + sep)
    ? { topLevel: outer.topLevel, gitDir: outer.gitDir }
    : null
}

function outermostSuperproject(tree: string, gitDir: string): string | null {
  let found: Superproject | null = null
  let next = superprojectOf(tree, gitDir)
  while (next !== null) {
    found = next
    next = superprojectOf(next.topLevel, next.gitDir)
  }
  return found?.topLevel ?? null
}

/** The folder that the repository's worktrees lie beside, and the name that they go by. */
function anchorOf(repo: Repo): { parent: string; name: string } {
  const { mainWorktree, commonDir } = repo
  if (mainWorktree !== null) {
    const outer = outermostSuperproject(mainWorktree, commonDir)
    if (outer === null) return { parent: dirname(mainWorktree), name: basename(mainWorktree) }
    const inner = slugOf(relative(outer, mainWorktree)) ?? 'submodule'
    return { parent: dirname(outer), name: `${basename(outer)}-${inner}` }
  }
  const name = basename(commonDir)
  // `project/.git` or `project/.bare` with the trees in `project`: the project is what has a name
  if (name.startsWith('.')) return { parent: dirname(dirname(commonDir)), name: basename(dirname(commonDir)) }
  return { parent: dirname(commonDir), name: name.replace(/(.)\.git$/, '$1') }
}

/**
 * The folder for a repository's linked worktrees: `<repo>-worktrees` beside the main one, beside a bare repository, or beside the
 * outermost superproject of a submodule. `configured` (`worktree.dir`) replaces it; a relative one counts from the main
 * worktree (from the git directory when there is none).
 */
export function worktreesDirOf(repo: Repo, configured?: string): string {
  if (configured !== undefined && configured !== '')
    return resolve(repo.mainWorktree ?? repo.commonDir, configured)
  const { parent, name } = anchorOf(repo)
  return join(parent, `${name}-worktrees`)
}
