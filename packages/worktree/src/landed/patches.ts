import { type MergePair, mergeTrees } from './merges.js'
import { namedReverts } from './reverts.js'
import { type Change, type JudgeContext, stepOf } from './target-changes.js'
import { undoneChanges } from './undone.js'

/** Commits of one branch that are looked for one by one; a longer branch is found as one patch only. */
const MAX_OWN_COMMITS = 1_000
/** Commits of the target that are tried for one change. */
const MAX_CANDIDATES = 16

export interface PatchQuestion {
  tip: number
  /** The commit where branch and target part. */
  foot: number
  /** The branch's commits that the target does not have. */
  own: readonly number[]
  /** Marks the target's commits that the branch does not have. */
  since: Uint8Array
}

interface BranchChanges {
  question: PatchQuestion
  /** The whole branch as one change. */
  whole: Change
  commits: Change[]
  /** False when the commits are not all there is: a merge with changes of its own, or too many of them. */
  isComplete: boolean
}

/** The branch's merges that are more than git's own merge of their parents. */
async function editedMerges(
  context: JudgeContext,
  questions: readonly PatchQuestion[],
): Promise<Set<number>> {
  const { graph } = context
  const merges = questions.flatMap(({ own }) => own.filter((n) => !graph.isPlain(n)))
  const edited = new Set(merges.filter((n) => graph.parents[n]?.length !== 2))
  const pairs = merges.filter((n) => !edited.has(n))
  const asPair = (n: number): MergePair => {
    const [first = 0, second = 0] = graph.parents[n] ?? []
    return [graph.ids[first] ?? '', graph.ids[second] ?? '']
  }
  const trees = await mergeTrees(context.view, pairs.map(asPair))
  for (const [i, n] of pairs.entries()) if (trees[i] !== graph.trees[n]) edited.add(n)
  return edited
}

async function describeBranches(
  context: JudgeContext,
  questions: readonly PatchQuestion[],
): Promise<BranchChanges[]> {
  const { view, graph, changes } = context
  const edited = await editedMerges(context, questions)
  const steps = questions.map(({ foot, tip, own }) => [
    { before: graph.trees[foot] ?? '', after: graph.trees[tip] ?? '' },
    ...own
      .filter((n) => graph.isPlain(n))
      .slice(0, MAX_OWN_COMMITS)
      .map((n) => stepOf(view, graph, n))
      .filter((step) => step !== null),
  ])
  const described = await changes.describe(steps.flat())
  let at = 0
  return questions.map((question, i) => {
    const end = at + (steps[i]?.length ?? 0)
    const [whole, ...commits] = described.slice(at, end)
    at = end
    const isComplete = question.own.length <= MAX_OWN_COMMITS && !question.own.some((n) => edited.has(n))
    return { question, whole: whole as Change, commits, isComplete }
  })
}

/** Which commits of the target contain which change, asked of git's merge so that the place in the file counts as well. */
class Confirmations {
  readonly #context: JudgeContext
  readonly #pairs = new Map<string, { pair: MergePair; tree: string }>()
  readonly #confirmed = new Set<string>()

  constructor(context: JudgeContext) {
    this.#context = context
  }

  #name({ step }: Change, commit: number): string {
    return `${step.before} ${step.after} ${commit}`
  }

  /** Picking the change onto the commit must add nothing to it. */
  ask(change: Change, commit: number): void {
    const { view, graph } = this.#context
    const tree = graph.trees[commit] ?? ''
    const base = view.addCommit({ tree: change.step.before, parents: [] })
    const pair: MergePair = [
      view.addCommit({ tree, parents: [base] }),
      view.addCommit({ tree: change.step.after, parents: [base] }),
    ]
    this.#pairs.set(this.#name(change, commit), { pair, tree })
  }

  async run(): Promise<void> {
    const asked = [...this.#pairs]
    const pairs = asked.map(([, { pair }]) => pair)
    const trees = await mergeTrees(this.#context.view, pairs)
    for (const [i, [name, { tree }]] of asked.entries()) if (trees[i] === tree) this.#confirmed.add(name)
  }

  has(change: Change, commit: number): boolean {
    return this.#confirmed.has(this.#name(change, commit))
  }
}

/** How often a change was made, less how often it was taken back. */
interface Tally {
  byBranch: number
  byTarget: number
  landings: number[]
}

interface Counting {
  context: JudgeContext
  confirmed: Confirmations
  since: Uint8Array
}

/** Counts in the direction that the branch's own commits add up to. Landings have to be confirmed, what counts against them has not. */
function tally({ context, confirmed, since }: Counting, same: Change[], opposite: Change[]): Tally {
  const [forward, backward] = same.length >= opposite.length ? [same, opposite] : [opposite, same]
  const { key, inverse } = forward[0] as Change
  const candidates = context.changes.withKey(key, since)
  const landings = candidates.filter((n) => forward.some((change) => confirmed.has(change, n)))
  const back = context.changes.withKey(inverse, since).filter((n) => !landings.includes(n))
  return {
    byBranch: forward.length - backward.length,
    byTarget: landings.length - back.length,
    landings,
  }
}

/** The landing commits of a branch whose changes are all in the target and not taken back there; `null` when they are not. */
function landingsOf(branch: BranchChanges, counting: Counting): Set<number> | null {
  const { whole, commits, isComplete } = branch
  const asOne = tally(counting, [whole], [])
  const isSingle = commits.length === 1 && commits[0]?.key === whole.key
  const wholes = isSingle ? 0 : asOne.byTarget
  const landings = new Set(asOne.landings)
  if (wholes < 1 && (!isComplete || commits.some(({ key }) => key === ''))) return null
  const seen = new Set([''])
  let judged = 0
  for (const { key, inverse } of commits) {
    if (seen.has(key)) continue
    seen.add(key).add(inverse)
    const same = commits.filter((change) => change.key === key)
    const opposite = key === inverse ? [] : commits.filter((change) => change.key === inverse)
    const counted = tally(counting, same, opposite)
    if (counted.byBranch === 0) continue
    judged += 1
    if (counted.byTarget + wholes * counted.byBranch < counted.byBranch) return null
    for (const n of counted.landings) landings.add(n)
  }
  return wholes >= 1 || judged > 0 ? landings : null
}

interface Candidate {
  place: number
  branch: BranchChanges
  landings: Set<number>
}

/** The candidates whose changes the target took back in a way that the count of changes does not see. */
async function takenBack(context: JudgeContext, candidates: readonly Candidate[]): Promise<boolean[]> {
  const undone = await undoneChanges(
    context,
    candidates.map(({ branch }) => ({ change: branch.whole, since: branch.question.since })),
  )
  const later = candidates.map(({ branch: { whole, commits, question }, landings }) => {
    const all = [whole, ...commits]
    const counted = new Set(all.flatMap(({ inverse }) => context.changes.withKey(inverse, question.since)))
    const paths = [...new Set(all.flatMap(({ files }) => files.map(({ path }) => path)))]
    return context.changes.touching(paths, question.since).filter((n) => !counted.has(n) && !landings.has(n))
  })
  const named = await namedReverts(context, later.flat())
  return candidates.map(({ landings }, i) => {
    const reverts = (n: number): boolean => landings.has(context.graph.number(named.get(n) ?? '') ?? -1)
    return undone[i] === true || (later[i] ?? []).some(reverts)
  })
}

/**
 * For each branch: is every commit's change, or the branch's whole change, in the target, in the same place, and not taken back? Counts
 * a change's landings and reverts among the target's commits, so a landing that was reverted does not count and one that landed again does.
 */
export async function landedByPatch(
  context: JudgeContext,
  questions: readonly PatchQuestion[],
): Promise<boolean[]> {
  const branches = await describeBranches(context, questions)
  const confirmed = new Confirmations(context)
  for (const { whole, commits, question } of branches) {
    for (const change of [whole, ...commits]) {
      const found = context.changes.withKey(change.key, question.since).slice(0, MAX_CANDIDATES)
      for (const commit of found) confirmed.ask(change, commit)
    }
  }
  await confirmed.run()
  const candidates: Candidate[] = []
  for (const [place, branch] of branches.entries()) {
    const landings = landingsOf(branch, { context, confirmed, since: branch.question.since })
    if (landings !== null) candidates.push({ place, branch, landings })
  }
  const answers = questions.map(() => false)
  const back = await takenBack(context, candidates)
  for (const [i, { place }] of candidates.entries()) answers[place] = back[i] === false
  return answers
}
