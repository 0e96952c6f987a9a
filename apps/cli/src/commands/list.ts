import { type CommonArgs, directoryOf, type Handler } from '../context.js'
import { printJson, say } from '../io.js'
import { withView } from '../views.js'

export interface ListArgs extends CommonArgs {
  all: boolean
  disk: boolean
}

/** Shows the working trees. */
export const list: Handler<ListArgs> = async (io, args) => {
  const { listTrees } = await import('@pcc/coordinator/views')
  return withView(io, async (deps) => {
    const result = await listTrees(deps, { directory: directoryOf(io, args), all: args.all, disk: args.disk })
    if (args.json) {
      printJson(io, result)
      return 0
    }
    const { renderList } = await import('../render/trees.js')
    say(io, renderList(io, result))
    return 0
  })
}
