type ClaimMode = 'advisory' | 'exclusive'
type ClaimSource = 'manual' | 'edit'

import { CoordinatorError } from './errors.js'
import type { HotDeps } from './hot-coordinator.js'

interface Asker {
  session?: string
  directory: string
  pid: number
}

export interface ClaimView {
  path: string
  mode: ClaimMode
  sessionId: string
  claimedBy: string
  worktreePath: string
  claimedAt: string
  expiresAt: string | null
  reason: string | null
  source: ClaimSource
}
export interface HeldPath {
  path: string
  by: ClaimView
}
function pending(): never {
  throw new CoordinatorError('COORDINATOR_BAD_INPUT', 'not there yet')
}
export async function claimPaths(
  _deps: HotDeps,
  _input: Asker & {
    paths: string[]
    mode?: ClaimMode
    ttlMs?: number | null
    reason?: string
    force?: boolean
  },
): Promise<{ outcome: 'granted'; granted: ClaimView[] } | { outcome: 'held'; held: HeldPath[] }> {
  return pending()
}
export async function releasePaths(
  _deps: HotDeps,
  _input: Asker & { paths: string[] | null },
): Promise<{ released: ClaimView[] }> {
  return pending()
}
export async function checkPaths(
  _deps: HotDeps,
  _input: Asker & { paths: string[] },
): Promise<{ held: HeldPath[] }> {
  return pending()
}
export async function listClaims(
  _deps: HotDeps,
  _input: { directory: string; all?: boolean },
): Promise<{ claims: ClaimView[] }> {
  return pending()
}
export type EditVerdict =
  | { verdict: 'allow'; claimed: string[] }
  | { verdict: 'deny'; reason: string }
  | { verdict: 'warn'; reason: string }
export async function checkEdit(
  _deps: HotDeps,
  _input: { session?: string; pid: number; cwd: string; tool: string; input: unknown; agentId?: string },
): Promise<EditVerdict> {
  return pending()
}
export async function afterEdit(
  _deps: HotDeps,
  _input: {
    session?: string
    pid: number
    cwd: string
    tool: string
    input: unknown
    changedFiles?: string[]
  },
): Promise<{ notices: number }> {
  return pending()
}
