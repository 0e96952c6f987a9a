import { CoordinatorError } from './errors.js'
import type { HotDeps } from './hot-coordinator.js'

function pending(): never {
  throw new CoordinatorError('COORDINATOR_BAD_INPUT', 'not there yet')
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
