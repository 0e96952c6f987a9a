import type { ProcessKey, SessionRecord } from '@pcc/store/hot'
import type { HotDeps } from '../hot-coordinator.js'
import { ancestry } from '../runtime.js'

export interface EndingInput {
  /** The agent's process. */
  pid: number
  /** The agent's own name for the conversation that ends. */
  agentSessionId: string | null
  /** True when only the conversation ends and the process goes on with another. */
  processGoesOn: boolean
}

export type Ending =
  /** Nobody's process, one that goes on, or one whose launcher waits for it and ends the session. */
  | { outcome: 'nothing-to-do' }
  /** The session is to be ended once the process is gone. */
  | { outcome: 'end-when-gone'; session: SessionRecord; process: ProcessKey }

function isOf(row: SessionRecord, key: ProcessKey): boolean {
  return row.pid === key.pid && (row.processStart === null || row.processStart === key.processStart)
}

/** The process that a living `start` launched for this session, and waits for; `undefined` when no launcher is left. */
function launchedProcess(
  deps: HotDeps,
  session: SessionRecord,
  chain: readonly ProcessKey[],
): ProcessKey | undefined {
  if (session.id !== deps.env['PARALLEL_CC_SESSION_ID']) return undefined
  const launcher = Number(deps.env['PARALLEL_CC_LAUNCHER_PID'])
  return chain[chain.findIndex((key) => key.pid === launcher) - 1]
}

/** The conversation leaves the session of a shell above that it had joined; the next one there may join it again. */
async function leave(deps: HotDeps, input: EndingInput, rows: readonly SessionRecord[]): Promise<void> {
  const { agentSessionId } = input
  if (agentSessionId === null) return
  const launched = deps.env['PARALLEL_CC_SESSION_ID']
  const joined = rows.find(
    (row) => row.origin === 'start' && row.id !== launched && row.agentSessionId === agentSessionId,
  )
  if (joined === undefined) return
  await deps.store.write(joined.repoId, (tx) => tx.updateSession(joined.id, { agentSessionId: null }))
}

/**
 * The agent's process says that its conversation, or it itself, is about to end. A session that `start` launched is left to `start`,
 * which waits for its process; one whose agent stood below a launched program goes back to that program.
 */
export async function endingSession(deps: HotDeps, input: EndingInput): Promise<Ending> {
  const nothing: Ending = { outcome: 'nothing-to-do' }
  const chain = ancestry(deps.runtime, input.pid)
  const process = chain[0]
  if (process === undefined) return nothing
  const pids = chain.map((key) => key.pid)
  const rows = await deps.store.read.sessionsByPids(deps.runtime.host, pids)
  const session = rows.find((row) => isOf(row, process))
  if (session === undefined) {
    const above = rows.filter((row) => chain.some((key) => isOf(row, key)))
    await leave(deps, input, above)
    return nothing
  }
  if (input.processGoesOn) return nothing
  const launched = launchedProcess(deps, session, chain)
  if (launched === undefined) return { outcome: 'end-when-gone', session, process }
  if (launched.pid !== session.pid) {
    const back = { ...launched, agentSessionId: null }
    await deps.store.write(session.repoId, (tx) => tx.updateSession(session.id, back))
  }
  return nothing
}
