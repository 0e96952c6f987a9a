import { type CommonArgs, directoryOf, type Handler, withCoordinator } from '../context.js'
import { printJson, say } from '../io.js'
import { renderDecision, returnCommand } from '../render/trees.js'

export interface StopArgs extends CommonArgs {
  session?: string | undefined
  keep: boolean
}

/** Ends a session. */
export const stop: Handler<StopArgs> = (io, args) =>
  withCoordinator(io, async (coordinator) => {
    const result = await coordinator.endSession({
      ...(args.session === undefined ? {} : { session: args.session }),
      directory: directoryOf(io, args),
      pid: io.parentPid,
      reason: 'stopped',
      keep: args.keep,
    })
    if (args.json) {
      printJson(io, result)
    } else if (result.outcome === 'already-ended') {
      say(io, `session ${result.sessionId} had ended already`)
    } else {
      say(io, `ended ${result.name ?? result.sessionId}`)
      for (const line of renderDecision(result.tree)) say(io, line)
      if (result.tree.action === 'kept') say(io, `return to it with: ${returnCommand(result.tree.path)}`)
    }
    return 0
  })
