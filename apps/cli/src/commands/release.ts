import { openHotCoordinator, releasePaths } from '@pcc/coordinator/hot'
import { type CommonArgs, directoryOf, type Handler, hotOptions } from '../context.js'
import { UsageError } from '../exit-codes.js'
import { printJson, say } from '../io.js'
import { printable } from '../render/table.js'

export interface ReleaseArgs extends CommonArgs {
  paths: readonly string[]
  all: boolean
  session?: string | undefined
}

/** Gives up claims of a session. */
export const release: Handler<ReleaseArgs> = async (io, args) => {
  if (args.paths.length > 0 === args.all) {
    throw new UsageError(
      'release takes paths, or --all',
      'parallel-cc release src/api.ts, or release --all; parallel-cc claims shows what is held.',
    )
  }
  const coordinator = await openHotCoordinator(hotOptions(io))
  try {
    const { released } = await releasePaths(coordinator, {
      ...(args.session === undefined ? {} : { session: args.session }),
      directory: directoryOf(io, args),
      pid: io.parentPid,
      paths: args.all ? null : args.paths,
    })
    if (args.json) printJson(io, { released })
    else if (released.length === 0) say(io, 'nothing of it was held by this session')
    else for (const { path } of released) say(io, `released ${printable(path)}`)
    return 0
  } finally {
    await coordinator.close()
  }
}
