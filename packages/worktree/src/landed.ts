import { WorktreeError } from './errors.js'
import { resolveObject } from './git/run.js'
import { type CommitGraph, readGraph } from './landed/graph.js'
import { judgeTarget, type PlacedQuestion } from './landed/judge.js'
import { type BranchStory, branchStory } from './landed/own-work.js'
import { type ObjectView, openObjectView } from './landed/view.js'
import { locateRepo } from './locate.js'

/** How a branch's content came to be in the target, or why nothing of it is missing there. */
export type LandedMethod =
  | 'same-commit'
  | 'ancestor'
  | 'no-changes'
  | 'same-tree'
  | 'merge-adds-nothing'
  | 'patch-id'

export interface LandedAnswer {
  /**
   * `no-work`: the branch holds no commit that was made on it. That says nothing about whether its commits are anywhere else: one that
   * was created on another branch's unlanded tip is `no-work` too, and `ahead` then is not 0.
   */
  state: 'no-work' | 'not-landed' | 'landed'
  /** Set when `state` is `landed`. */
  method: LandedMethod | null
  /** The target that it landed in, as it was given. */
  target: string | null
  /** True when the branch's commits are in the target and the target took its merge, or one of its commits, back. */
  reverted: boolean
  /** Commits that the branch has and the target has not; the target is `target`, else the first of those given that is not behind another. */
  ahead: number
  /** Commits that the target has and the branch has not. */
  behind: number
}

export interface LandedQuestion {
  /** Full commit id. */
  tip: string
  /** The commit recorded when the branch was created. */
  base?: string | null
  /** Full ref, whose reflog tells the branch's own commits from those it was only moved onto. */
  branch?: string | null
}

export interface LandedOptions {
  /** Full refs or commit ids: the default branch and its upstream. One that another contains is left out. */
  targets: readonly string[]
  signal?: AbortSignal
}

interface Target {
  name: string
  id: string
}

/** Which of these ids name commits that are here. */
async function presentCommits(view: ObjectView, ids: readonly string[]): Promise<Set<string>> {
  const asked = [...new Set(ids)].filter((id) => /^[0-9a-f]{40,64}$/.test(id))
  if (asked.length === 0) return new Set()
  const input = asked.map((id) => `${id}\n`).join('')
  const { stdout } = await view.run(['cat-file', '--batch-check=%(objectname) %(objecttype)'], { input })
  const lines = stdout.toString('latin1').split('\n')
  return new Set(lines.filter((line) => line.endsWith(' commit')).map((line) => line.split(' ')[0] ?? ''))
}

/** Targets without those that another contains: a stale local branch has nothing to say beside its fresh upstream. */
function liveTargets(graph: CommitGraph, targets: readonly Target[]): Target[] {
  const reached = targets.map(({ id }) => graph.reach(graph.number(id) ?? 0))
  return targets.filter(({ id }, i) => {
    const n = graph.number(id) ?? 0
    return !targets.some((other, j) => j !== i && reached[j]?.[n] === 1 && (other.id !== id || j < i))
  })
}

/** A branch that one target shows as without work is that; else the first target that it landed in counts. */
function combine(answers: readonly LandedAnswer[]): LandedAnswer {
  const idle = answers.find(({ state }) => state === 'no-work')
  const landed = answers.find(({ state }) => state === 'landed')
  return idle ?? landed ?? (answers[0] as LandedAnswer)
}

interface Judging {
  view: ObjectView
  commonDir: string
  targets: readonly Target[]
}

/** The commits that the graph has to reach down to: where a branch began, as far as anybody remembers. */
function anchors(question: LandedQuestion, story: BranchStory | null): string[] {
  return [question.base ?? '', story?.createdAt ?? '', story?.oldest ?? '']
}

async function judgeAll(judging: Judging, questions: readonly LandedQuestion[]): Promise<LandedAnswer[]> {
  const { view, commonDir, targets } = judging
  const stories = questions.map(({ branch }) => (branch == null ? null : branchStory(commonDir, branch)))
  const tips = questions.map(({ tip }) => tip)
  const wanted = [...tips, ...targets.map(({ id }) => id)]
  const present = await presentCommits(view, [
    ...wanted,
    ...questions.flatMap((question, i) => anchors(question, stories[i] ?? null)),
  ])
  const missing = wanted.find((id) => !present.has(id))
  if (missing !== undefined) {
    throw new WorktreeError('WORKTREE_BAD_REF', `'${missing}' is not a commit in this repository`, {
      hint: 'Give the full id of a commit that is here.',
      data: { ref: missing },
    })
  }
  const graph = await readGraph(view, [...present])
  const placed = questions.map(
    ({ tip, base }, i): PlacedQuestion => ({
      tip: graph.number(tip) ?? 0,
      base: base == null ? null : (graph.number(base) ?? null),
      story: stories[i] ?? null,
    }),
  )
  const perTarget: LandedAnswer[][] = []
  for (const { name, id } of liveTargets(graph, targets)) {
    const verdicts = await judgeTarget({ view, graph, target: graph.number(id) ?? 0 }, placed)
    perTarget.push(verdicts.map((one) => ({ ...one, target: one.state === 'landed' ? name : null })))
  }
  return questions.map((_, i) => combine(perTarget.map((answers) => answers[i] as LandedAnswer)))
}

/**
 * Says for each branch whether its content is contained in a target, by whatever way it got there: fast-forward, merge commit, squash or
 * rebase, also when the target went on changing the same files. Cheapest test first; the work is shared by all branches, so ask for many
 * at once. Reads only objects and reflogs: no config, attribute, hook, replacement or graft of the repository has a say, nothing is
 * written to it and nothing fetched. Where a test cannot tell, the answer is `not-landed`.
 *
 * @throws WorktreeError `WORKTREE_NOT_A_REPO`, `WORKTREE_BAD_REF` for a target or tip that is no commit here, `WORKTREE_GIT_FAILED`.
 */
export async function landedStates(
  cwd: string,
  questions: readonly LandedQuestion[],
  options: LandedOptions,
): Promise<LandedAnswer[]> {
  if (questions.length === 0) return []
  const location = locateRepo(cwd)
  if (location === null) {
    throw new WorktreeError('WORKTREE_NOT_A_REPO', `${cwd} is not inside a git repository`, {
      hint: 'Run this inside a repository, or name one with --repo.',
      data: { cwd },
    })
  }
  if (options.targets.length === 0) {
    throw new WorktreeError('WORKTREE_BAD_REF', 'no target to judge branches against', {
      hint: 'Name the default branch.',
    })
  }
  const ids = await Promise.all(options.targets.map((name) => resolveObject(cwd, name)))
  const targets = options.targets.map((name, i) => ({ name, id: ids[i] ?? '' }))
  const format = targets[0]?.id.length === 64 ? 'sha256' : 'sha1'
  const view = openObjectView({ commonDir: location.commonDir, format, signal: options.signal })
  try {
    return await judgeAll({ view, commonDir: location.commonDir, targets }, questions)
  } finally {
    view.close()
  }
}
