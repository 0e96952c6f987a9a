import { deliverMessages, findCaller, openHotCoordinator } from '@pcc/coordinator/hot'
import { clientPid, type HookIo, storeOptions } from '../hook-io.js'
import { readPayload } from '../payload.js'
import { contextReply } from '../reply.js'

/** The events at which a model can be told something: before it reads a prompt, between its steps, and when it is about to rest. */
export type DeliveryEvent = 'UserPromptSubmit' | 'PostToolBatch' | 'Stop'

/**
 * Gives the model the messages that are queued for its session. At `Stop` they make it go on for another turn, so nothing is said when there
 * are none.
 */
export async function deliver(io: HookIo, event: DeliveryEvent): Promise<void> {
  // messages are for the session: a subagent would keep them to itself
  if (readPayload(io.input).agentId !== undefined) return
  const coordinator = await openHotCoordinator(storeOptions(io))
  try {
    const { runtime, store, env } = coordinator
    // known by its process alone: another client in the same tree must not get them
    const caller = { pid: clientPid(io), env, tree: async () => undefined }
    const session = await findCaller({ runtime, read: store.read }, caller)
    if (session === undefined) return
    const { text } = await deliverMessages(coordinator, { sessionId: session.id })
    if (text !== null) io.reply(contextReply(event, text))
  } finally {
    await coordinator.close()
  }
}
