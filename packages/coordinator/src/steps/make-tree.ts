import { type CreatedWorktree, createWorktree, planCreate, type Repo } from '@pcc/worktree'
import type { Deps } from '../deps.js'
import { journalOwner } from './actor.js'

export interface TreeAsk {
  repo: Repo
  /** A slug: it is the branch and the folder. */
  name: string
  /** Full commit id. */
  base: string
  /** Of the creation. */
  id: string
}

/** Makes a tree as the settings say where and how, with our marker. What fails leaves nothing behind. */
export async function makeTree(deps: Deps, ask: TreeAsk): Promise<CreatedWorktree> {
  const plan = await planCreate({
    ...ask,
    owner: journalOwner(deps),
    now: deps.runtime.now(),
    backend: deps.config['worktree.backend'],
    ...(deps.config['worktree.dir'] === null ? {} : { worktreesDir: deps.config['worktree.dir'] }),
  })
  return createWorktree(plan)
}
