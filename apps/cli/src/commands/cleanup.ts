import type { DiscardKind } from '@pcc/coordinator'
import { type CommonArgs, directoryOf, type Handler, withCoordinator } from '../context.js'
import { UsageError } from '../exit-codes.js'
import { printJson, say } from '../io.js'
import { renderCleanUp } from '../render/trees.js'

export interface CleanUpArgs extends CommonArgs {
  dryRun: boolean
  discard?: string | undefined
}

const KINDS: readonly DiscardKind[] = ['uncommitted', 'untracked', 'unlanded']

function discardKinds(typed: string | undefined): DiscardKind[] {
  const words = (typed ?? '').split(',').map((word) => word.trim())
  return words
    .filter((word) => word !== '')
    .map((word) => {
      const kind = KINDS.find((known) => known === word)
      if (kind !== undefined) return kind
      throw new UsageError(
        `'${word}' is no kind of loss`,
        `--discard takes ${KINDS.join(', ')}, separated by commas.`,
      )
    })
}

/** Ends dead sessions and removes what is safe. */
export const cleanup: Handler<CleanUpArgs> = async (io, args) => {
  const discard = discardKinds(args.discard)
  return withCoordinator(io, async (coordinator) => {
    const result = await coordinator.cleanUp({
      directory: directoryOf(io, args),
      discard,
      dryRun: args.dryRun,
    })
    if (args.json) printJson(io, { dryRun: args.dryRun, ...result })
    else say(io, renderCleanUp(result, args.dryRun))
    return 0
  })
}
