import { git, gitText } from './git/run.js'
import { headBranch, locateRepo } from './locate.js'

/** The branch that work is meant to land in, and the refs that show it. */
export interface DefaultBranch {
  /** Short name, or `null` when the repository shows no sign of one. */
  branch: string | null
  /** Full refs that exist, to judge branches against: the local branch, its upstream, and origin's (else the only remote's) branch of that name. */
  refs: string[]
  /** Commit id of each ref. */
  ids: Record<string, string>
}

interface Ref {
  name: string
  id: string
  symref: string
  upstream: string
}

const REMOTES = 'refs/remotes/'
const USUAL = ['main', 'master', 'trunk', 'develop']

async function readRefs(cwd: string): Promise<Ref[]> {
  const format = '--format=%(refname)%00%(objectname)%00%(symref)%00%(upstream)'
  const text = await gitText(['for-each-ref', format, 'refs/heads/', 'refs/remotes/'], { cwd })
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [name = '', id = '', symref = '', upstream = ''] = line.split('\0')
      return { name, id, symref, upstream }
    })
}

async function configuredInit(cwd: string): Promise<string | null> {
  const { code, stdout } = await git(['config', '--get', 'init.defaultBranch'], { cwd, okCodes: [0, 1] })
  return code === 0 ? stdout.toString('utf8').trim() : null
}

/** The branch that a remote's HEAD points to, without the remote's name. */
function remoteHead({ name, symref }: Ref): string | null {
  const remote = name.slice(0, -'HEAD'.length)
  return symref.startsWith(remote) ? symref.slice(remote.length) : null
}

function mainWorktreeBranch(cwd: string): string | null {
  const location = locateRepo(cwd)
  return location === null ? null : headBranch(location.commonDir)
}

/** The one remote-tracking HEAD to believe: origin's, or that of the only remote that has one. */
function believedHead(refs: readonly Ref[]): string | null {
  const heads = refs.filter(({ name, symref }) => symref !== '' && /^refs\/remotes\/.+\/HEAD$/.test(name))
  const head = heads.find(({ name }) => name === 'refs/remotes/origin/HEAD') ?? (heads.length === 1 ? heads[0] : undefined)
  return head === undefined ? null : remoteHead(head)
}

/** The remote-tracking branch of that name to believe: origin's, or the only one. Another remote's may be anybody's. */
function believedBranch(refs: readonly Ref[], branch: string): Ref | undefined {
  const tracking = refs.filter(
    ({ name, symref }) => symref === '' && name.startsWith('refs/remotes/') && name.endsWith(`/${branch}`),
  )
  const origin = tracking.find(({ name }) => name === `refs/remotes/origin/${branch}`)
  const others = tracking.filter(({ name }) => !name.slice(REMOTES.length, -branch.length - 1).includes('/'))
  return origin ?? (others.length === 1 ? others[0] : undefined)
}

/** Is there such a branch, here or on the remote? */
function exists(refs: readonly Ref[], branch: string): boolean {
  return refs.some(({ name }) => name === `refs/heads/${branch}`) || believedBranch(refs, branch) !== undefined
}

async function choose(cwd: string, refs: readonly Ref[], configured: string | undefined): Promise<string | null> {
  if (configured !== undefined) return configured
  const head = believedHead(refs)
  if (head !== null) return head
  const initial = await configuredInit(cwd)
  const known = [initial ?? '', ...USUAL].find((name) => name !== '' && exists(refs, name))
  return known ?? mainWorktreeBranch(cwd)
}

/**
 * Finds the branch that work lands in: the configured one, what `origin/HEAD` (else the only remote's HEAD) points to, the existing one
 * of `init.defaultBranch`, main, master, trunk and develop, else the branch of the main worktree. Starts two git processes at most.
 * A configured branch that does not exist comes back with no refs.
 *
 * @throws WorktreeError `WORKTREE_GIT_FAILED` outside a repository.
 */
export async function defaultBranch(cwd: string, configured?: string): Promise<DefaultBranch> {
  const refs = await readRefs(cwd)
  const branch = await choose(cwd, refs, configured)
  if (branch === null) return { branch: null, refs: [], ids: {} }
  const local = refs.find(({ name }) => name === `refs/heads/${branch}`)
  const upstream = local?.upstream ?? ''
  const remote = believedBranch(refs, branch)
  const shown = refs.filter((ref) => ref === local || ref.name === upstream || ref === remote)
  return {
    branch,
    refs: shown.map(({ name }) => name),
    ids: Object.fromEntries(shown.map(({ name, id }) => [name, id])),
  }
}
