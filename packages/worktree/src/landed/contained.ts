import { changedPaths, type PathChange } from './changes.js'
import { entriesAt, isSameEntry, presentEntry } from './entries.js'
import type { CommitGraph } from './graph.js'
import { type MergePair, mergeTrees } from './merges.js'
import type { ObjectView, TreeEntry } from './view.js'

export interface Containing {
  view: ObjectView
  graph: CommitGraph
  target: number
}

export interface BranchTip {
  tip: number
  /** Where branch and target part. */
  feet: readonly number[]
}

type Outlook = 'adds-nothing' | 'adds-something' | 'ask-small' | 'ask-whole'

/** What the entries of the branch's paths alone say of a merge. */
function outlook(files: readonly PathChange[], now: ReadonlyMap<string, TreeEntry>): Outlook {
  let isOpen = false
  let isWhole = false
  for (const { path, before, after } of files) {
    const entry = now.get(path)
    const isSame = isSameEntry(entry, after)
    if (!isSame && isSameEntry(entry, before)) return 'adds-something'
    if (!isSame) isOpen = true
    // the target may have renamed it, which only a merge of everything finds out
    if (entry === undefined && presentEntry(before) !== null) isWhole = true
  }
  return isWhole ? 'ask-whole' : isOpen ? 'ask-small' : 'adds-nothing'
}

interface Question {
  pair: MergePair
  expected: string
}

/** The same merge with nothing in the trees but the branch's paths: what it costs no longer grows with the target's changes. */
function smallMerge(
  view: ObjectView,
  files: readonly PathChange[],
  now: ReadonlyMap<string, TreeEntry>,
): Question {
  const before = view.addTree(files.map((file) => presentEntry(file.before)))
  const after = view.addTree(files.map((file) => presentEntry(file.after)))
  const ours = view.addTree(files.map(({ path }) => now.get(path) ?? null))
  const base = view.addCommit({ tree: before, parents: [] })
  const pair: MergePair = [
    view.addCommit({ tree: ours, parents: [base] }),
    view.addCommit({ tree: after, parents: [base] }),
  ]
  return { pair, expected: ours }
}

/** For each branch: would merging it into the target leave the target's tree as it is? */
export async function mergesAddNothing(
  { view, graph, target }: Containing,
  branches: readonly BranchTip[],
): Promise<boolean[]> {
  const treeOf = (n: number | undefined): string => (n === undefined ? '' : (graph.trees[n] ?? ''))
  const single = branches.filter(({ feet }) => feet.length === 1)
  const steps = single.map(({ tip, feet }) => ({ before: treeOf(feet[0]), after: treeOf(tip) }))
  const changed = await changedPaths(view, steps)
  const files = new Map(single.map((branch, i) => [branch, changed[i] ?? []]))
  const now = await entriesAt(
    view,
    treeOf(target),
    changed.flat().map(({ path }) => path),
  )
  const questions: (Question & { place: number })[] = []
  const answers = branches.map((branch, place) => {
    const touched = files.get(branch)
    const guess = touched === undefined ? 'ask-whole' : outlook(touched, now)
    if (guess === 'ask-small') questions.push({ place, ...smallMerge(view, touched ?? [], now) })
    if (guess === 'ask-whole') {
      const pair: MergePair = [graph.ids[target] ?? '', graph.ids[branch.tip] ?? '']
      questions.push({ place, pair, expected: treeOf(target) })
    }
    return guess === 'adds-nothing'
  })
  const merged = await mergeTrees(
    view,
    questions.map(({ pair }) => pair),
  )
  for (const [i, { place, expected }] of questions.entries()) answers[place] = merged[i] === expected
  return answers
}
