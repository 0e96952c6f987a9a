import type { TreeStep } from './changes.js'
import type { Containing } from './contained.js'
import type { Marks } from './graph.js'
import { isGoneFrom } from './undone.js'

/** What the branch had made of its own each time it took the target in. */
function workBefore({ graph }: Containing, own: readonly number[], held: Marks): TreeStep[] {
  const treeOf = (n: number): string => graph.trees[n] ?? ''
  return own.flatMap((merge) => {
    const parents = graph.isPlain(merge) ? [] : (graph.parents[merge] ?? [])
    const theirs = parents.filter((n) => held[n] === 1)
    return parents
      .filter((n) => held[n] !== 1)
      .flatMap((ours) =>
        theirs.map((other) => graph.beyond(ours, graph.reach(other)).feet.map((foot) => ({ foot, ours }))),
      )
      .flat()
      .map(({ foot, ours }) => ({ before: treeOf(foot), after: treeOf(ours) }))
      .filter(({ before, after }) => before !== after)
  })
}

/**
 * A branch that took the target in after it had landed there has no change against the merge base any more. If the target then took the
 * landing back, the branch's work is in its tip and not in the target, although merging it would add nothing.
 */
export async function lostSinceCatchUp(
  judge: Containing & { held: Marks },
  { tip, own }: { tip: number; own: readonly number[] },
): Promise<boolean> {
  const { view, graph, target, held } = judge
  const [tipTree, targetTree] = [graph.trees[tip] ?? '', graph.trees[target] ?? '']
  for (const step of workBefore(judge, own, held)) {
    const isLost = await isGoneFrom(view, step, targetTree)
    if (isLost && !(await isGoneFrom(view, step, tipTree))) return true
  }
  return false
}
