import { WorktreeError } from '../errors.js'
import type { LandedAnswer, LandedMethod } from '../landed.js'
import { lostSinceCatchUp } from './caught-up.js'
import { mergesAddNothing } from './contained.js'
import type { CommitGraph, Marks } from './graph.js'
import { ownWork, startOf, type WorkQuestion } from './own-work.js'
import { landedByPatch, type PatchQuestion } from './patches.js'
import { type MergedBranch, revertedMerges } from './reverts.js'
import { TargetChanges } from './target-changes.js'
import type { ObjectView } from './view.js'

export type PlacedQuestion = WorkQuestion

export interface Judge {
  view: ObjectView
  graph: CommitGraph
  target: number
}

type Verdict = Omit<LandedAnswer, 'target'>

/** A branch whose commits are not all in the target, with what the further tests need. */
interface Apart {
  verdict: Verdict
  tip: number
  own: number[]
  feet: number[]
  behind: Marks
}

/** A branch whose commits are all in the target. */
interface Within {
  verdict: Verdict
  question: PlacedQuestion
}

interface Sorted {
  verdicts: Verdict[]
  apart: Apart[]
  within: Within[]
}

function marksWithout(marks: Marks, without: Marks): { left: Marks; count: number } {
  const left = new Uint8Array(marks.length)
  let count = 0
  for (let n = 0; n < marks.length; n += 1) {
    if (marks[n] !== 1 || without[n] === 1) continue
    left[n] = 1
    count += 1
  }
  return { left, count }
}

function verdictOf(state: Verdict['state'], method: LandedMethod | null = null): Verdict {
  return { state, method, reverted: false, ahead: 0, behind: 0 }
}

function placeWithin(judge: Judge, question: PlacedQuestion, chain: ReadonlySet<number>): Verdict {
  const work = ownWork(judge.graph, question)
  if (work === 'none' || (work === 'unknown' && chain.has(question.tip))) return verdictOf('no-work')
  return verdictOf('landed', question.tip === judge.target ? 'same-commit' : 'ancestor')
}

/** What the commit graph alone answers: `no-work`, same commit, ancestor. */
function sortByAncestry(judge: Judge, questions: readonly PlacedQuestion[]): Sorted {
  const { graph, target } = judge
  const held = graph.reach(target)
  const chain = new Set(graph.firstParents(target))
  const sorted: Sorted = { verdicts: [], apart: [], within: [] }
  for (const question of questions) {
    const { tip } = question
    const { left: behind, count } = marksWithout(held, graph.reach(tip))
    const { commits: own, feet } = graph.beyond(tip, held)
    const isIdle = startOf(graph, question) === tip
    const isWithin = held[tip] === 1
    const verdict = isIdle
      ? verdictOf('no-work')
      : isWithin
        ? placeWithin(judge, question, chain)
        : verdictOf('not-landed')
    Object.assign(verdict, { ahead: own.length, behind: count })
    sorted.verdicts.push(verdict)
    if (verdict.state === 'not-landed') sorted.apart.push({ verdict, tip, own, feet, behind })
    if (verdict.state === 'landed') sorted.within.push({ verdict, question })
  }
  return sorted
}

function land(verdict: Verdict, method: LandedMethod): void {
  verdict.state = 'landed'
  verdict.method = method
}

/** What trees answer: no change of its own, the target's very tree, or a merge that adds nothing. Returns the branches still open. */
async function judgeByTrees(judge: Judge, apart: readonly Apart[]): Promise<Apart[]> {
  const { graph, target } = judge
  const treeOf = (n: number): string => graph.trees[n] ?? ''
  for (const { verdict, tip, feet } of apart) {
    const [foot] = feet
    if (feet.length === 1 && foot !== undefined && treeOf(foot) === treeOf(tip)) land(verdict, 'no-changes')
    else if (treeOf(tip) === treeOf(target)) land(verdict, 'same-tree')
  }
  const open = apart.filter(({ verdict, feet }) => verdict.state === 'not-landed' && feet.length > 0)
  const nothing = await mergesAddNothing(judge, open)
  for (const [i, { verdict }] of open.entries()) if (nothing[i] === true) land(verdict, 'merge-adds-nothing')
  await keepWhatWasTakenBack(judge, apart)
  return open.filter(({ verdict }) => verdict.state === 'not-landed')
}

async function keepWhatWasTakenBack(judge: Judge, apart: readonly Apart[]): Promise<void> {
  const held = judge.graph.reach(judge.target)
  for (const one of apart) {
    const isJudgedByMerge = one.verdict.method === 'no-changes' || one.verdict.method === 'merge-adds-nothing'
    if (!isJudgedByMerge || !(await lostSinceCatchUp({ ...judge, held }, one))) continue
    one.verdict.state = 'not-landed'
    one.verdict.method = null
  }
}

/** A branch within the target, with the merge that brought it there, or from its start when it came by fast-forward. */
function mergedBranch(judge: Judge, question: PlacedQuestion, chain: readonly number[]): MergedBranch {
  const { graph, target } = judge
  const containing = graph.containing(question.tip)
  const entry = chain.filter((n) => containing[n] === 1).at(-1) ?? question.tip
  const isForward = entry === question.tip
  const before = isForward ? (startOf(graph, question) ?? graph.firstParent(entry)) : graph.firstParent(entry)
  const given = before === undefined ? new Uint8Array(graph.ids.length) : graph.reach(before)
  const { commits, feet } = graph.beyond(question.tip, given)
  return {
    tip: question.tip,
    merge: isForward ? null : entry,
    own: commits,
    foot: feet.length === 1 ? (feet[0] ?? null) : null,
    since: marksWithout(graph.reach(target), given).left,
  }
}

function unionOf(graph: CommitGraph, marks: readonly Marks[]): number[] {
  const union = new Uint8Array(graph.ids.length)
  for (const one of marks) for (let n = 0; n < one.length; n += 1) if (one[n] === 1) union[n] = 1
  return [...union.keys()].filter((n) => union[n] === 1)
}

/** What the target's single commits answer: changes that are there as patches, and merged branches that were taken back. */
async function judgeByChanges(
  judge: Judge,
  open: readonly Apart[],
  within: readonly Within[],
): Promise<void> {
  const { view, graph } = judge
  const asked = open.flatMap((one) => {
    const [foot] = one.feet
    const question = foot === undefined ? null : { tip: one.tip, foot, own: one.own, since: one.behind }
    return question === null || one.feet.length !== 1 ? [] : [{ verdict: one.verdict, question }]
  })
  const chain = graph.firstParents(judge.target)
  const merged = within.map(({ question }) => mergedBranch(judge, question, chain))
  if (asked.length === 0 && merged.length === 0) return
  const questions: PatchQuestion[] = asked.map(({ question }) => question)
  const since = unionOf(
    graph,
    [...questions, ...merged].map((one) => one.since),
  )
  const changes = await TargetChanges.read(view, graph, since)
  const context = { ...judge, changes }
  const landed = await landedByPatch(context, questions)
  for (const [i, { verdict }] of asked.entries()) if (landed[i] === true) land(verdict, 'patch-id')
  const reverted = await revertedMerges(context, merged)
  for (const [i, { verdict }] of within.entries()) verdict.reverted = reverted[i] === true
}

/**
 * Judges all questions against one target. In a partial clone whose objects are not all here, what cannot be read leaves a branch
 * `not-landed`.
 */
export async function judgeTarget(judge: Judge, questions: readonly PlacedQuestion[]): Promise<Verdict[]> {
  const { verdicts, apart, within } = sortByAncestry(judge, questions)
  try {
    const open = await judgeByTrees(judge, apart)
    await judgeByChanges(judge, open, within)
  } catch (error) {
    const isUnread = error instanceof WorktreeError && error.code === 'WORKTREE_GIT_FAILED'
    if (!judge.view.partial || !isUnread) throw error
  }
  return verdicts
}
