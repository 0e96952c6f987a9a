import { answerHook, openHotCoordinator } from '@pcc/coordinator/hook-events'
import { clientPid, type HookIo, storeOptions } from '../hook-io.js'
import { readFields } from '../payload.js'

/** Answers an event that comes while the agent works, as the resident server does for the plugin. */
export async function answered(io: HookIo, event: string): Promise<void> {
  const coordinator = await openHotCoordinator(storeOptions(io))
  try {
    const call = { event, fields: readFields(io.input), pid: clientPid(io), cwd: io.cwd }
    const reply = await answerHook(coordinator, call)
    if (reply !== null) io.reply(`${JSON.stringify(reply)}\n`)
  } finally {
    await coordinator.close()
  }
}
