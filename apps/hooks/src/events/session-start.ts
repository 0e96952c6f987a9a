import { openHotCoordinator, registerSession } from '@pcc/coordinator/hot'
import { clientPid, type HookIo, storeOptions } from '../hook-io.js'
import { readPayload } from '../payload.js'
import { sessionStartReply, sessionStartText } from '../reply.js'

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
    if (result.outcome === 'registered') io.reply(sessionStartReply(sessionStartText(result)))
  } finally {
    await coordinator.close()
  }
}
