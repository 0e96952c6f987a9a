import type { HotDeps } from '../hot-coordinator.js'
import { ancestry, isRunning } from '../runtime.js'

/**
 * Whether an agent's process is a session already: its own, or that of a shell above it which an agent has joined. A session of another
 * agent above it (an agent started by an agent) is not its own. One indexed read.
 */
export async function isRegistered(
  deps: Pick<HotDeps, 'runtime' | 'store' | 'env'>,
  input: { pid: number },
): Promise<boolean> {
  const chain = ancestry(deps.runtime, input.pid).map((key) => key.pid)
  const rows = await deps.store.read.sessionsByPids(deps.runtime.host, chain)
  const nearest = rows
    .filter((row) => isRunning(deps.runtime, row))
    .toSorted((a, b) => chain.indexOf(a.pid) - chain.indexOf(b.pid))[0]
  if (nearest === undefined) return false
  if (nearest.pid === input.pid) return true
  const isShell = nearest.origin === 'start' && nearest.id !== deps.env['PARALLEL_CC_SESSION_ID']
  return isShell && nearest.agentSessionId !== null
}
