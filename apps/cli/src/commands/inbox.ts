import { type MessageView, openHotCoordinator, readMessages } from '@pcc/coordinator/hot'
import { type CommonArgs, directoryOf, type Handler, hotOptions } from '../context.js'
import { printJson, say } from '../io.js'

export interface InboxArgs extends CommonArgs {
  sent: boolean
  all: boolean
  session?: string | undefined
}

/** A message as the JSON document has it. */
function documentOf(message: MessageView): object {
  const { id, from, to, body, kind, sentAt, state, deliveredAt, readAt } = message
  return { id, from, to, body, kind, sentAt, state, deliveredAt, readAt }
}

/** Shows the messages that the calling session has not read, which marks them as read; or with `--sent` what became of its own. */
export const inbox: Handler<InboxArgs> = async (io, args) => {
  const coordinator = await openHotCoordinator(hotOptions(io))
  try {
    const { messages } = await readMessages(coordinator, {
      ...(args.session === undefined ? {} : { session: args.session }),
      directory: directoryOf(io, args),
      pid: io.parentPid,
      sent: args.sent,
      all: args.all,
    })
    if (args.json) {
      printJson(io, { messages: messages.map(documentOf) })
    } else {
      const { renderInbox, renderSent } = await import('../render/messages.js')
      say(io, args.sent ? renderSent(io, messages) : renderInbox(messages, args.all))
    }
    return 0
  } finally {
    await coordinator.close()
  }
}
