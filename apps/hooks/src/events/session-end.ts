import { endingSession, openHotCoordinator } from '@pcc/coordinator/hook-events'
import { clientPid, type HookIo, storeOptions } from '../hook-io.js'
import { readPayload } from '../payload.js'

/** The conversation ends but the process goes on: the session stays. */
const PROCESS_GOES_ON: ReadonlySet<string> = new Set(['clear', 'resume'])

/**
 * Notes that the client is about to end. The client gives this hook 1.5 seconds and still runs meanwhile, so the session is ended by a
 * process of its own, once the client is gone.
 */
export async function sessionEnd(io: HookIo): Promise<void> {
  const payload = readPayload(io.input)
  const coordinator = await openHotCoordinator(storeOptions(io))
  try {
    const ending = await endingSession(coordinator, {
      pid: clientPid(io),
      agentSessionId: payload.sessionId ?? null,
      processGoesOn: payload.reason !== undefined && PROCESS_GOES_ON.has(payload.reason),
    })
    if (ending.outcome === 'nothing-to-do') return
    const { session, process } = ending
    await io.continueDetached(['end-when-gone', session.id, String(process.pid), process.processStart ?? ''])
  } finally {
    await coordinator.close()
  }
}
