import { splitNul } from './git/parse.js'
import { git } from './git/run.js'
import { defaultBranch } from './target.js'

function names(output: Buffer): string[] {
  return splitNul(output).map((name) => name.toString('utf8'))
}

async function list(tree: string, args: readonly string[]): Promise<string[]> {
  return names((await git(['--literal-pathspecs', ...args], { cwd: tree })).stdout)
}

/** git takes no more than so many paths in one call; more are asked about as all. */
const MOST_PATHS = 500

function limited(paths: readonly string[] | null): readonly string[] {
  return paths === null || paths.length === 0 || paths.length > MOST_PATHS ? [] : ['--', ...paths]
}

const DIFF = [
  'diff',
  '--name-only',
  '-z',
  '--no-renames',
  '--no-ext-diff',
  '--no-textconv',
  '--ignore-submodules',
]

/**
 * The files of a working tree that differ from its commit: staged, unstaged and untracked ones, not ignored ones. Paths are relative to
 * the tree's root.
 *
 * @throws WorktreeError `WORKTREE_GIT_FAILED`, also before the first commit.
 */
export async function uncommittedFiles(tree: string, paths: readonly string[] | null): Promise<string[]> {
  const only = limited(paths)
  const [tracked, untracked] = await Promise.all([
    list(tree, [...DIFF, 'HEAD', ...only]),
    list(tree, ['ls-files', '--others', '--exclude-standard', '-z', ...only]),
  ])
  return [...tracked, ...untracked]
}

/**
 * Those of these paths in which the work of a tree has not arrived in the branch that work lands in: changed and not committed, or
 * committed and not there by that content.
 *
 * @throws WorktreeError `WORKTREE_GIT_FAILED`
 */
export async function unlandedFiles(
  tree: string,
  paths: readonly string[],
  target?: string,
): Promise<string[]> {
  const { ids } = await defaultBranch(tree, target)
  const dirty = uncommittedFiles(tree, paths)
  const targets = [...new Set(Object.values(ids))]
  const committed = await Promise.all(
    targets.map(async (id) => {
      const [own, different] = await Promise.all([
        list(tree, [...DIFF, `${id}...HEAD`, ...limited(paths)]),
        list(tree, [...DIFF, id, 'HEAD', ...limited(paths)]),
      ])
      return own.filter((path) => different.includes(path))
    }),
  )
  const [first, ...rest] = committed
  // where nothing shows where work lands, all that is committed is still to land
  const notThere = (first ?? paths).filter((path) => rest.every((one) => one.includes(path)))
  const open = new Set([...(await dirty), ...notThere])
  return paths.filter((path) => open.has(path))
}

/**
 * Those of these paths that a working tree ignores, so that they never travel to another.
 *
 * @throws WorktreeError `WORKTREE_GIT_FAILED`
 */
export async function ignoredFiles(tree: string, paths: readonly string[]): Promise<string[]> {
  if (paths.length === 0) return []
  const { stdout } = await git(['check-ignore', '-z', '--stdin'], {
    cwd: tree,
    input: `${paths.join('\0')}\0`,
    okCodes: [0, 1],
  })
  return names(stdout)
}
