import { heartbeat as moveHeartbeat, openHotCoordinator } from '@pcc/coordinator/hot'
import { type CommonArgs, directoryOf, type Handler, hotOptions } from '../context.js'
import { printJson } from '../io.js'

export interface HeartbeatArgs extends CommonArgs {
  session?: string | undefined
}

/** Moves a session's heartbeat. Loads nothing that it does not use, since scripts call it often. */
export const heartbeat: Handler<HeartbeatArgs> = async (io, args) => {
  const coordinator = await openHotCoordinator(hotOptions(io))
  try {
    const result = await moveHeartbeat(coordinator, {
      ...(args.session === undefined ? {} : { session: args.session }),
      directory: directoryOf(io, args),
      pid: io.parentPid,
    })
    if (args.json) printJson(io, result)
    return 0
  } finally {
    await coordinator.close()
  }
}
