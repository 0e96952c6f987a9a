import { onTestFinished } from 'vitest'
import { type HotDeps, openHotCoordinator } from '../src/hot-coordinator.js'
import { type DeliverResult, deliverMessages } from '../src/use-cases/deliver-messages.js'
import { type MessageView, type ReadInput, readMessages } from '../src/use-cases/read-messages.js'
import { type SendResult, sendMessage } from '../src/use-cases/send-message.js'
import { type Bench, bench } from './open.js'

type Member = Awaited<ReturnType<Bench['start']>>

export interface Post extends Bench {
  deps: HotDeps
  send(from: Member, to: string | string[], text: string): Promise<SendResult>
  read(whose: Member, more?: Partial<ReadInput>): Promise<MessageView[]>
  /** What the next hook of the session tells its model. */
  deliver(to: Member, maxCharacters?: number): Promise<DeliverResult>
  /** States of what a session has sent, in order. */
  fates(from: Member): Promise<string[]>
}

/** A repository with sessions that write to each other, through the hot door or on a database of the test's choice. */
export async function post(options: Parameters<typeof bench>[0] = {}): Promise<Post> {
  const it = await bench(options)
  const deps = await openHotCoordinator({ env: it.env })
  onTestFinished(() => deps.close())
  const read: Post['read'] = async (whose, more = {}) =>
    (await readMessages(deps, { directory: it.repo.root, pid: whose.process.pid, ...more })).messages
  return {
    ...it,
    deps,
    read,
    send: (from, to, text) =>
      sendMessage(deps, { directory: it.repo.root, pid: from.process.pid, to: [to].flat(), text }),
    deliver: (to, maxCharacters) =>
      deliverMessages(deps, {
        sessionId: to.sessionId,
        ...(maxCharacters === undefined ? {} : { maxCharacters }),
      }),
    fates: async (from) => (await read(from, { sent: true })).map((message) => message.state),
  }
}
