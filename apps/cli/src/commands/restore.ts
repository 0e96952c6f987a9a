import { type CommonArgs, directoryOf, type Handler, withCoordinator } from '../context.js'
import { type Io, printJson, say } from '../io.js'
import { printable, table } from '../render/table.js'

export interface RestoreArgs extends CommonArgs {
  id?: string | undefined
}

async function listAll(io: Io, args: RestoreArgs): Promise<number> {
  const removals = await withCoordinator(io, (coordinator) =>
    coordinator.listRestorable({ directory: directoryOf(io, args) }),
  )
  if (args.json) {
    printJson(io, { removals })
  } else if (removals.length === 0) {
    say(io, 'nothing to restore')
  } else {
    const rows = removals.map((row) => [row.id, row.removedAt, row.branch ?? '(detached)', row.path])
    say(io, table(io, ['ID', 'REMOVED', 'BRANCH', 'TREE'], rows))
  }
  return 0
}

/** Lists what can come back, or brings one back. */
export const restore: Handler<RestoreArgs> = async (io, args) => {
  const { id } = args
  if (id === undefined) return listAll(io, args)
  const tree = await withCoordinator(io, (coordinator) =>
    coordinator.restoreTree({ directory: directoryOf(io, args), id }),
  )
  if (args.json) printJson(io, tree)
  else
    say(io, `restored ${printable(tree.path)}${tree.branch === null ? '' : ` on ${printable(tree.branch)}`}`)
  return 0
}
