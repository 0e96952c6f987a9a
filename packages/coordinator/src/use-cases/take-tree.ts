import { openRepo } from '@pcc/worktree'
import { locateRepo } from '@pcc/worktree/locate'
import type { Deps } from '../deps.js'
import { openBench } from '../steps/judge.js'
import { removeTree, type TreeDecision } from '../steps/remove-tree.js'
import { repair } from '../steps/repair.js'

/**
 * Takes back a tree that an agent has no more use for: removed if nothing would be lost, else kept with the reason. `null` when there is
 * no working tree at that path.
 */
export async function takeTree(deps: Deps, input: { path: string }): Promise<TreeDecision | null> {
  const location = locateRepo(input.path)
  if (location === null || location.topLevel === null || location.isMain) return null
  const repo = await openRepo(location.topLevel)
  await repair(deps, repo)
  return removeTree(deps, await openBench(deps, repo), { path: location.topLevel })
}
