import { type CommonArgs, directoryOf, type Handler, withCoordinator } from '../context.js'
import { printJson, say } from '../io.js'
import { renderList } from '../render/trees.js'

export interface ListArgs extends CommonArgs {
  all: boolean
  disk: boolean
}

/** Shows the working trees. */
export const list: Handler<ListArgs> = (io, args) =>
  withCoordinator(io, async (coordinator) => {
    const result = await coordinator.listTrees({
      directory: directoryOf(io, args),
      all: args.all,
      disk: args.disk,
    })
    if (args.json) printJson(io, result)
    else say(io, renderList(io, result))
    return 0
  })
