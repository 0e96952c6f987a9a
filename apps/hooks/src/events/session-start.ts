import { openHotCoordinator, registerSession } from '@pcc/coordinator/hook-events'
import { clientPid, type HookIo, storeOptions } from '../hook-io.js'
import { readPayload } from '../payload.js'
import { contextReply, sessionStartText } from '../reply.js'

/** Registers the client's process as a session and tells the model who else works here. */
export async function sessionStart(io: HookIo): Promise<void> {
  const payload = readPayload(io.input)
  const coordinator = await openHotCoordinator(storeOptions(io))
  try {
    const result = await registerSession(coordinator, {
      pid: clientPid(io),
      directory: payload.cwd ?? io.cwd,
      agentSessionId: payload.sessionId ?? null,
      title: payload.title,
    })
    const text = result.outcome === 'registered' ? sessionStartText(result) : null
    if (text !== null) io.reply(contextReply('SessionStart', text))
  } finally {
    await coordinator.close()
  }
}
