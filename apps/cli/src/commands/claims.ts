import { listClaims, openHotCoordinator } from '@pcc/coordinator/hot'
import { type CommonArgs, directoryOf, type Handler, hotOptions } from '../context.js'
import { printJson, say } from '../io.js'

export interface ClaimsArgs extends CommonArgs {
  all: boolean
}

/** Shows who claims what. */
export const claims: Handler<ClaimsArgs> = async (io, args) => {
  const coordinator = await openHotCoordinator(hotOptions(io))
  try {
    const result = await listClaims(coordinator, { directory: directoryOf(io, args), all: args.all })
    if (args.json) {
      printJson(io, result)
    } else {
      const { renderClaims } = await import('../render/claims.js')
      say(io, renderClaims(io, result.claims))
    }
    return 0
  } finally {
    await coordinator.close()
  }
}
