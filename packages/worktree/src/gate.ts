import { join } from 'node:path'
import { WorktreeError } from './errors.js'
import { mayDeleteBranch } from './gate/branch-fate.js'
import { ignoredMatches, ignoredRepositories, type TreePlace } from './gate/files.js'
import { findRegistered, type Registered, treesInside } from './gate/identity.js'
import { outlineTree } from './gate/outline.js'
import { counted, type DiscardKind, type KeepReason, type Refusal, refuse } from './gate/reasons.js'
import { commitsOfOtherRefs, commitsOnlyHere } from './gate/refs.js'
import { judgeSubmodules, type Submodule, submodulesOf } from './gate/submodules.js'
import { inspectTree, type TreeState } from './inspect.js'
import type { Repo } from './repo.js'
import { errnoOf } from './trash/durable.js'
import { kindOf } from './trash/paths.js'
import { plumb } from './trash/plumbing.js'

export type { DiscardKind, KeepReason, Refusal } from './gate/reasons.js'

/** What is asked about the commits of a tree; `branch` is `null` on a detached HEAD. */
export interface LandedQuestion {
  branch: string | null
  head: string
  base: string | null
}

export interface LandedAnswer {
  state: 'no-work' | 'not-landed' | 'landed'
  method: string | null
}

export interface GateInput {
  repo: Repo
  path: string
  /** A live session works in the tree. */
  hasLiveSession: boolean
  /** Without `refs/heads/`; `null` when it cannot be told. */
  defaultBranch: string | null
  landed: (question: LandedQuestion) => Promise<LandedAnswer>
  /** Globs, as in a `.gitignore`, of ignored files that hold a tree back. */
  keepIgnored?: readonly string[]
  discard?: readonly DiscardKind[] | undefined
}

/** What was seen when the tree was judged; a removal compares it with what it finds. */
export interface GateFacts {
  adminDir: string
  head: string
  /** `null` on a detached HEAD. */
  branch: string | null
  base: string | null
  fingerprint: string
  branchFate: 'delete' | 'keep'
  landed: LandedAnswer
  /** Commits that no other ref reaches; 0 when that was not asked because they have landed. */
  commitsOnlyHere: number
  submodules: Submodule[]
  /** Fingerprint of the tree with its submodules, `null` when it has none. */
  outline: string | null
}

export interface GateVerdict {
  /** Real path. */
  path: string
  allowed: boolean
  /** What holds the tree back, as far as `discard` does not lift it. */
  reasons: Refusal[]
  /** What `discard` lifted: it goes to the trash and to rescue refs when the tree goes. */
  discarded: KeepReason[]
  /** `null` when the tree could not be looked at. */
  facts: GateFacts | null
}

/** Runs a part of the judgement; what could not be read speaks against the removal. */
async function reading<T>(refusals: Refusal[], what: string, ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof WorktreeError || error instanceof SyntaxError) && errnoOf(error) === null)
      throw error
    refusals.push(refuse('unreadable', `${what} could not be read: ${(error as Error).message}`))
    return null
  }
}

function stateRefusals(state: TreeState): Refusal[] {
  const refusals: Refusal[] = []
  if (state.operation !== null) refusals.push(refuse('operation', `a ${state.operation} is under way`))
  for (const [reason, count] of [
    ['staged', state.staged],
    ['unstaged', state.unstaged],
    ['conflicted', state.conflicted],
    ['untracked', state.untracked],
  ] as const) {
    if (count > 0) refusals.push(refuse(reason, counted(count, `${reason} file`)))
  }
  return refusals
}

function registrationRefusals(input: GateInput, { entry }: Registered): Refusal[] {
  const refusals: Refusal[] = []
  if (entry.locked !== null) {
    refusals.push(
      refuse('locked', `locked by git worktree lock${entry.locked === '' ? '' : `: ${entry.locked}`}`),
    )
  }
  if (entry.branch !== null && entry.branch === input.defaultBranch) {
    refusals.push(refuse('default-branch', `'${entry.branch}' is the default branch`))
  }
  if (entry.marker === null) refusals.push(refuse('not-ours', 'this tool did not make this tree'))
  return refusals
}

async function gitRefusals(repo: Repo, registered: Registered): Promise<Refusal[]> {
  const refusals: Refusal[] = []
  for (const lock of ['index.lock', 'HEAD.lock']) {
    if ((await kindOf(join(registered.adminDir, lock))) === 'none') continue
    refusals.push(refuse('operation', `${lock} is there: git is at work, or was killed`))
  }
  const inside = await treesInside(registered)
  if (inside.length > 0)
    refusals.push(refuse('nested-worktree', `other worktrees stand in it: ${inside.join(', ')}`))
  const args = ['config', '--get', 'extensions.refstorage']
  const format = (await plumb(args, { gitDir: repo.commonDir, readOnly: true, okCodes: [0, 1] })).stdout
    .toString()
    .trim()
  if (format !== '' && format !== 'files')
    refusals.push(refuse('unreadable', `its refs are kept as ${format}`))
  return refusals
}

async function fileRefusals(place: TreePlace, keepIgnored: readonly string[]): Promise<Refusal[]> {
  const refusals: Refusal[] = []
  const ignored = [...(await ignoredMatches(place, keepIgnored)), ...(await ignoredRepositories(place))]
  if (ignored.length > 0) {
    const more = ignored.length > 3 ? ', …' : ''
    const names = ignored.slice(0, 3).join(', ')
    refusals.push(refuse('ignored', `${counted(ignored.length, 'ignored file')} to keep: ${names}${more}`))
  }
  return refusals
}

interface Commits {
  landed: LandedAnswer
  branchFate: 'delete' | 'keep'
  onlyHere: number
  refusal: Refusal | null
}

async function judgeCommits(input: GateInput, registered: Registered, head: string): Promise<Commits> {
  const { branch, marker } = registered.entry
  const { commonDir } = input.repo
  const deletable = branch !== null && (await mayDeleteBranch(commonDir, registered, branch))
  const landed = await input.landed({ branch, head, base: marker?.base ?? null })
  const fate = (gone: boolean): 'delete' | 'keep' => (gone && deletable ? 'delete' : 'keep')
  if (landed.state === 'landed') return { landed, branchFate: fate(true), onlyHere: 0, refusal: null }
  const others = await commitsOfOtherRefs(commonDir, branch)
  const { count, newest } = await commitsOnlyHere(commonDir, head, others)
  if (count === 0) return { landed, branchFate: fate(landed.state === 'no-work'), onlyHere: 0, refusal: null }
  const where = branch === null ? 'a detached HEAD' : `'${branch}'`
  const message = `${counted(count, 'commit')} on ${where} that no other ref holds, the newest ${newest}`
  const branchFate = fate(input.discard?.includes('unlanded') === true)
  return { landed, branchFate, onlyHere: count, refusal: refuse('unlanded', message) }
}

interface Seen {
  path: string
  facts: GateFacts | null
}

function conclude(input: GateInput, refusals: Refusal[], { path, facts }: Seen): GateVerdict {
  const lifted = (refusal: Refusal): boolean =>
    refusal.discardable !== null && input.discard?.includes(refusal.discardable) === true
  const reasons = refusals.filter((refusal) => !lifted(refusal))
  const discarded = [...new Set(refusals.filter(lifted).map(({ reason }) => reason))]
  return { path, allowed: reasons.length === 0 && facts !== null, reasons, discarded, facts }
}

/**
 * Decides whether a tree and its branch may go; every removal passes through here. Reads only. Whatever could not be read is a
 * reason to keep the tree.
 *
 * @throws WorktreeError never for what it finds in the repository; only what is a bug is thrown
 */
export async function judgeRemoval(input: GateInput): Promise<GateVerdict> {
  const refusals: Refusal[] = []
  if (input.hasLiveSession) refusals.push(refuse('live-session', 'a live session works in it'))
  const found = await reading(refusals, input.path, () => findRegistered(input.repo, input.path))
  if (found === null) return conclude(input, refusals, { path: input.path, facts: null })
  if ('reason' in found) return conclude(input, [...refusals, found], { path: input.path, facts: null })
  return judgeRegistered(input, found, refusals)
}

async function judgeRegistered(
  input: GateInput,
  found: Registered,
  refusals: Refusal[],
): Promise<GateVerdict> {
  const place = { path: found.path, gitDir: found.adminDir }
  const unseen: Seen = { path: found.path, facts: null }
  refusals.push(...registrationRefusals(input, found))
  refusals.push(...((await reading(refusals, found.adminDir, () => gitRefusals(input.repo, found))) ?? []))
  const state = await reading(refusals, 'its state', () =>
    inspectTree(found.path, { gitDir: found.adminDir }),
  )
  if (state === null) return conclude(input, refusals, unseen)
  refusals.push(...stateRefusals(state))
  const files = await reading(refusals, 'its files', () => fileRefusals(place, input.keepIgnored ?? []))
  refusals.push(...(files ?? []))
  const submodules = await reading(refusals, 'its submodules', async () => {
    const list = await submodulesOf(place)
    refusals.push(...(await judgeSubmodules(place, list)))
    return { list, outline: list.length === 0 ? null : await outlineTree(place, list) }
  })
  const { head, branch } = state
  if (head === null) {
    refusals.push(refuse('unreadable', `its branch ${branch ?? ''} has no commit yet`))
    return conclude(input, refusals, unseen)
  }
  if (branch !== found.entry.branch || head !== found.entry.head) {
    refusals.push(refuse('changed-meanwhile', 'its HEAD moved while it was looked at'))
  }
  const commits = await reading(refusals, 'its commits', () => judgeCommits(input, found, head))
  if (commits?.refusal) refusals.push(commits.refusal)
  if (commits === null || submodules === null) return conclude(input, refusals, unseen)
  const facts: GateFacts = {
    adminDir: found.adminDir,
    head,
    branch,
    base: found.entry.marker?.base ?? null,
    fingerprint: state.fingerprint,
    branchFate: commits.branchFate,
    landed: commits.landed,
    commitsOnlyHere: commits.onlyHere,
    submodules: submodules.list,
    outline: submodules.outline,
  }
  return conclude(input, refusals, { path: found.path, facts })
}
