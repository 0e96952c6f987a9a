import type { ProcessKey, SessionRecord } from '@pcc/store/hot'
import type { HotDeps } from '../hot-coordinator.js'
import { processKey } from '../runtime.js'

export interface EndingInput {
  /** The agent's process, which is about to end. */
  pid: number
}

/** The session of the agent process that says it is about to end, with the key to wait for; `null` when it is nobody's. */
export async function endingSession(
  deps: HotDeps,
  input: EndingInput,
): Promise<{ session: SessionRecord; process: ProcessKey } | null> {
  const key = processKey(deps.runtime, input.pid)
  if (key === null) return null
  const rows = await deps.store.read.sessionsByPids(deps.runtime.host, [input.pid])
  const session = rows.find((row) => row.processStart === null || row.processStart === key.processStart)
  return session === undefined ? null : { session, process: key }
}
