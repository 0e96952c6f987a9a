import type { CommitGraph } from './graph.js'
import { type Change, type JudgeContext, stepOf } from './target-changes.js'

const MAX_MESSAGES = 5_000
const NAMED = /\bThis reverts commit ([0-9a-f]{40,64})\b/

/** Which commit each of these says that it reverts, by the sentence that `git revert` writes. */
export async function namedReverts(
  context: Pick<JudgeContext, 'view' | 'graph'>,
  commits: readonly number[],
): Promise<Map<number, string>> {
  const asked = [...new Set(commits)].toSorted((a, b) => a - b).slice(0, MAX_MESSAGES)
  const reverts = new Map<number, string>()
  if (asked.length === 0) return reverts
  const input = asked.map((n) => `${context.graph.ids[n]}\n`).join('')
  const { stdout } = await context.view.run(['cat-file', '--batch'], { input })
  let at = 0
  for (const n of asked) {
    const head = stdout.indexOf(10, at)
    const size = Number(stdout.toString('latin1', at, head).split(' ')[2])
    const named = NAMED.exec(stdout.toString('latin1', head + 1, head + 1 + size))
    if (named?.[1] !== undefined) reverts.set(n, named[1])
    at = head + size + 2
  }
  return reverts
}

/** A branch whose commits are in the target by ancestry. */
export interface MergedBranch {
  tip: number
  /** The merge that brought the branch in, or `null` when it came by fast-forward. */
  merge: number | null
  /** The branch's commits. */
  own: readonly number[]
  /** Where the branch parted from the target, when that is one commit. */
  foot: number | null
  /** Marks the target's commits from the branch's first on. */
  since: Uint8Array
}

interface Described {
  branch: MergedBranch
  commits: Change[]
  wholes: Change[]
}

async function describe(context: JudgeContext, branches: readonly MergedBranch[]): Promise<Described[]> {
  const { view, graph, changes } = context
  const tree = (n: number): string => graph.trees[n] ?? ''
  const lists = branches.map(({ tip, merge, own, foot }) => {
    const plain = own.filter((n) => graph.isPlain(n)).map((n) => stepOf(view, graph, n))
    const isChange = foot !== null && tree(foot) !== tree(tip)
    const wholes = [
      merge === null ? null : stepOf(view, graph, merge),
      isChange ? { before: tree(foot), after: tree(tip) } : null,
    ]
    return {
      commits: plain.filter((step) => step !== null),
      wholes: wholes.filter((step) => step !== null),
    }
  })
  const all = await changes.describe(lists.flatMap(({ commits, wholes }) => [...commits, ...wholes]))
  let at = 0
  return lists.map(({ commits, wholes }, i) => {
    const middle = at + commits.length
    const end = middle + wholes.length
    const described = { commits: all.slice(at, middle), wholes: all.slice(middle, end) }
    at = end
    return { branch: branches[i] as MergedBranch, ...described }
  })
}

/** `named` is what commits that are no exact reverts, and say so in words, add up to. */
function isTakenBack(context: JudgeContext, { branch, commits, wholes }: Described, named: number): boolean {
  const { changes } = context
  const balance = ({ key, inverse }: Change): number =>
    key === inverse
      ? 0
      : changes.withKey(key, branch.since).length - changes.withKey(inverse, branch.since).length
  const single = new Set(commits.flatMap(({ key, inverse }) => [key, inverse]))
  const asOne = new Map(wholes.filter(({ key }) => !single.has(key)).map((whole) => [whole.key, whole]))
  const wholeBalance = [...asOne.values()].reduce((sum, whole) => sum + balance(whole), named)
  if (wholeBalance < 0) return true
  return commits.some((change) => {
    const made = commits.filter(({ key }) => key === change.key).length
    const wanted = made - commits.filter(({ key }) => key === change.inverse).length
    return change.key !== '' && wanted > 0 && balance(change) + wholeBalance * wanted < wanted
  })
}

interface Telling {
  /** Commits with the sentence that names what they revert, by what they name. */
  named: Map<number, string>
  /** The branch's commits and its merge. */
  parts: ReadonlySet<number>
  /** Exact reverts of the branch, which are counted by their change. */
  reverts: ReadonlySet<number>
}

/** What commits that name what they revert add up to: less than nothing when the last word is a revert. */
function namedBalance(graph: CommitGraph, { named, parts, reverts }: Telling): number {
  const signs = new Map<number, number>()
  const signOf = (n: number): number => signs.get(n) ?? (parts.has(n) ? 1 : reverts.has(n) ? -1 : 0)
  const oldestFirst = [...named].toSorted(([a], [b]) => b - a)
  for (const [n, id] of oldestFirst) signs.set(n, -signOf(graph.number(id) ?? -1))
  return [...signs.values()].reduce((sum, sign) => sum + sign, 0)
}

/**
 * For each merged branch: did the target take its merge, or one of its commits, back, and not bring it in again? Told by the changes of
 * the target's commits and by the sentence that `git revert` writes.
 */
export async function revertedMerges(
  context: JudgeContext,
  branches: readonly MergedBranch[],
): Promise<boolean[]> {
  const described = await describe(context, branches)
  const later = described.map(({ branch, commits, wholes }) => {
    const all = [...commits, ...wholes]
    const withAny = (keys: string[]): Set<number> =>
      new Set(keys.flatMap((key) => context.changes.withKey(key, branch.since)))
    const parts = new Set([...branch.own, ...(branch.merge === null ? [] : [branch.merge])])
    const landings = withAny(all.map(({ key }) => key))
    const reverts = withAny(all.map(({ inverse }) => inverse))
    const paths = all.flatMap(({ files }) => files.map(({ path }) => path))
    const touching = context.changes.touching(paths, branch.since)
    return {
      parts,
      reverts,
      commits: touching.filter((n) => !parts.has(n) && !landings.has(n) && !reverts.has(n)),
    }
  })
  const named = await namedReverts(
    context,
    later.flatMap(({ commits }) => commits),
  )
  return described.map((one, i) => {
    const { parts, reverts, commits } = later[i] as (typeof later)[number]
    const told = commits.flatMap((n) => (named.has(n) ? [[n, named.get(n) ?? ''] as const] : []))
    return isTakenBack(context, one, namedBalance(context.graph, { named: new Map(told), parts, reverts }))
  })
}
