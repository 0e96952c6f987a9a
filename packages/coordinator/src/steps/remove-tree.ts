import { type DiscardKind, type GateVerdict, removeWorktree } from '@pcc/worktree'
import type { Deps } from '../deps.js'
import { repoKey } from '../repo-key.js'
import { removalActor } from './actor.js'
import { type Bench, judge } from './judge.js'

/** What became of one tree. Reports what was done, never what was planned. */
export interface TreeDecision {
  path: string
  branch: string | null
  action: 'removed' | 'kept'
  /** Stable words of the gate; `details` says each in a sentence. */
  reasons: string[]
  details: string[]
  rescueRef: string | null
  /** What `restore` takes to bring it back. */
  removalId: string | null
}

export interface RemovalAsk {
  path: string
  discard?: readonly DiscardKind[]
  /** Judge only. */
  dryRun?: boolean
}

function kept(path: string, branch: string | null, reasons: GateVerdict['reasons']): TreeDecision {
  return {
    path,
    branch,
    action: 'kept',
    reasons: [...new Set(reasons.map((row) => row.reason))],
    details: reasons.map((row) => row.message),
    rescueRef: null,
    removalId: null,
  }
}

/** For statistics only: what may go is never decided from it. */
async function noteRemoval(deps: Deps, bench: Bench, path: string): Promise<void> {
  const repo = await deps.store.read.repoByKey(repoKey(deps.runtime, bench.repo.commonDir))
  if (repo === undefined) return
  const made = (await deps.store.worktrees.list(repo.id)).filter(
    (tree) => tree.path === path && tree.removedAt === null,
  )
  for (const tree of made) await deps.store.worktrees.markRemoved(tree.id, deps.runtime.now())
}

/** Takes one tree away if the gate lets it go, judging again at the moment of removal. */
export async function removeTree(deps: Deps, bench: Bench, ask: RemovalAsk): Promise<TreeDecision> {
  const question = { path: ask.path, discard: ask.discard ?? [] }
  const verdict = await judge(deps, bench, question)
  const branch = verdict.facts?.branch ?? null
  if (!verdict.allowed) return kept(ask.path, branch, verdict.reasons)
  const discarded = {
    reasons: [...verdict.discarded],
    details: verdict.discarded.map((word) => `discarded: ${word}`),
  }
  if (ask.dryRun === true) {
    return { path: ask.path, branch, action: 'removed', ...discarded, rescueRef: null, removalId: null }
  }
  const id = deps.runtime.newId()
  const result = await removeWorktree(verdict, {
    repo: bench.repo,
    id,
    ...removalActor(deps),
    recheck: () => judge(deps, bench, question),
  })
  if (result.outcome === 'kept') return kept(ask.path, branch, result.reasons)
  await noteRemoval(deps, bench, ask.path)
  return {
    path: ask.path,
    branch,
    action: 'removed',
    ...discarded,
    rescueRef: result.rescueRef,
    removalId: id,
  }
}
