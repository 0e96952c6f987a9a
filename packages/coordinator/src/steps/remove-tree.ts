import { type DiscardKind, type GateVerdict, removeWorktree } from '@pcc/worktree'
import type { Deps } from '../deps.js'
import { processKey } from '../runtime.js'
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

/** Takes one tree away if the gate lets it go, judging again at the moment of removal. */
export async function removeTree(deps: Deps, bench: Bench, ask: RemovalAsk): Promise<TreeDecision> {
  const question = { path: ask.path, discard: ask.discard ?? [] }
  const verdict = await judge(deps, bench, question)
  const branch = verdict.facts?.branch ?? null
  if (!verdict.allowed) return kept(ask.path, branch, verdict.reasons)
  const discarded = { reasons: [...verdict.discarded], details: verdict.discarded.map((word) => `discarded: ${word}`) }
  if (ask.dryRun === true) {
    return { path: ask.path, branch, action: 'removed', ...discarded, rescueRef: null, removalId: null }
  }
  const id = deps.runtime.newId()
  const own = processKey(deps.runtime, process.pid)
  const result = await removeWorktree(verdict, {
    repo: bench.repo,
    id,
    now: deps.runtime.now(),
    owner: { pid: process.pid, processStart: own?.processStart ?? null },
    recheck: () => judge(deps, bench, question),
  })
  if (result.outcome === 'kept') return kept(ask.path, branch, result.reasons)
  await deps.store.worktrees.markRemoved({ path: ask.path, removedAt: deps.runtime.now() })
  return { path: ask.path, branch, action: 'removed', ...discarded, rescueRef: result.rescueRef, removalId: id }
}
