import { checkPaths, openHotCoordinator } from '@pcc/coordinator/hot'
import { type CommonArgs, directoryOf, type Handler, hotOptions } from '../context.js'
import { EXIT, UsageError } from '../exit-codes.js'
import { narrate, printJson, say } from '../io.js'
import { heldDocument } from './claim.js'

export interface CheckArgs extends CommonArgs {
  paths: readonly string[]
  session?: string | undefined
}

/** Says which of these paths other sessions hold. */
export const check: Handler<CheckArgs> = async (io, args) => {
  if (args.paths.length === 0) throw new UsageError('check takes at least one path', 'parallel-cc check src')
  const coordinator = await openHotCoordinator(hotOptions(io))
  try {
    const { held, leftByCrash } = await checkPaths(coordinator, {
      ...(args.session === undefined ? {} : { session: args.session }),
      directory: directoryOf(io, args),
      pid: io.parentPid,
      paths: args.paths,
    })
    const { renderHeld, renderLeftByCrash } = await import('../render/claims.js')
    for (const line of renderLeftByCrash(leftByCrash)) narrate(io, line)
    if (args.json) printJson(io, { held: held.map(heldDocument) })
    else say(io, held.length === 0 ? 'free: no other session holds any of it' : renderHeld(held))
    return held.length === 0 ? EXIT.done : EXIT.no
  } finally {
    await coordinator.close()
  }
}
