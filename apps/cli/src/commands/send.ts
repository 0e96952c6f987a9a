import { openHotCoordinator, type Recipient, sendMessage } from '@pcc/coordinator/hot'
import { type CommonArgs, directoryOf, type Handler, hotOptions } from '../context.js'
import { UsageError } from '../exit-codes.js'
import { printJson, say } from '../io.js'
import { printable } from '../render/table.js'

export interface SendArgs extends CommonArgs {
  /** Whom it is for, and last what it says. */
  words: readonly string[]
  session?: string | undefined
}

function line({ sessionId, name, state }: Recipient): string {
  const who = name === null ? sessionId : `${printable(name)} (${sessionId})`
  return state === 'queued' ? `queued for ${who}` : `dead: ${who} is gone and will not read it`
}

/** Sends a message to other sessions. */
export const send: Handler<SendArgs> = async (io, args) => {
  const to = args.words.slice(0, -1)
  const text = args.words.at(-1)
  if (to.length === 0 || text === undefined) {
    throw new UsageError(
      'send takes at least one session and the text',
      'parallel-cc send backend "…", or send all "…".',
    )
  }
  const coordinator = await openHotCoordinator(hotOptions(io))
  try {
    const result = await sendMessage(coordinator, {
      ...(args.session === undefined ? {} : { session: args.session }),
      directory: directoryOf(io, args),
      pid: io.parentPid,
      to,
      text,
    })
    if (args.json) printJson(io, result)
    else if (result.recipients.length === 0) say(io, 'nobody else is here')
    else for (const recipient of result.recipients) say(io, line(recipient))
    return 0
  } finally {
    await coordinator.close()
  }
}
