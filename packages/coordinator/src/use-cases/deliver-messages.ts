import { faultPoint } from '../fault.js'
import type { HotDeps } from '../hot-coordinator.js'
import { type Delivery, deliveryText } from '../steps/delivery-text.js'
import { namesOf } from '../steps/session-names.js'

export interface DeliverInput {
  /** The session whose model reads the text next. */
  sessionId: string
  /** How long the text may get, in UTF-16 units; at least 1,000. @default 10000, where the client cuts */
  maxCharacters?: number
}

export interface DeliverResult {
  /** `null` when nothing was queued. */
  text: string | null
  /** How many messages are in the text. */
  count: number
}

/** What the client takes at a time. */
const MOST_CHARACTERS = 10_000

/** No message takes fewer characters than this with its heading, so no more need be looked at. */
const LEAST_LETTER = 50

/**
 * Takes the messages that are queued for a session, in their order, as a text for its model, and marks them as delivered in the same
 * transaction. None is ever given out twice: when the caller dies before it has passed the text on, they are not delivered again, but stay unread
 * and are found by `readMessages`. What has no room waits for the next call.
 */
export async function deliverMessages(deps: HotDeps, input: DeliverInput): Promise<DeliverResult> {
  const { store, runtime } = deps
  const { sessionId, maxCharacters = MOST_CHARACTERS } = input
  // asked on every step of the agent: without a message no writer is kept waiting
  const [first] = await store.read.inboxOf(sessionId, ['queued'], 1)
  const session = first === undefined ? undefined : await store.read.sessionById(sessionId)
  if (session === undefined) return { text: null, count: 0 }
  const delivery = await store.write<Delivery | null>(session.repoId, async (tx) => {
    const queued = await tx.inboxOf(sessionId, ['queued'], Math.ceil(maxCharacters / LEAST_LETTER))
    const names = await namesOf(
      tx,
      queued.map((row) => row.fromSession),
    )
    const letters = queued.map((message) => ({
      message,
      fromName: message.fromSession === null ? null : (names.get(message.fromSession) ?? null),
    }))
    const taken = deliveryText(letters, maxCharacters)
    if (taken === null) return null
    const positions = queued.slice(0, taken.count).map((row) => row.position)
    await tx.markMessages(sessionId, positions, { state: 'delivered', at: runtime.now() })
    return taken
  })
  faultPoint('deliver:marked')
  return delivery ?? { text: null, count: 0 }
}
