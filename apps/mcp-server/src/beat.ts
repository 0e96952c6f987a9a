import {
  type HotDeps,
  heartbeat,
  plainText,
  type WaitingMessage,
  waitingMessages,
} from '@pcc/coordinator/hot'

/** A hook registers the session at its start; a client without our hooks is registered by us, after a hook would have. */
const FIRST_BEAT_MS = 5000
const BEAT_MS = 15_000

/** A message as clients are told of it that show what servers notify. */
export interface Notice {
  event: string
  from: string | null
  fromName: string | null
  message: string
  sentAt: string
}

export interface BeatParts {
  use<T>(work: (deps: HotDeps) => Promise<T>): Promise<T>
  /** Where the session is when no process above tells. */
  place(): { directory: string; pid: number }
  notify(notice: Notice): Promise<void>
  everyMs: number | undefined
}

function noticeOf(message: WaitingMessage): Notice {
  const { kind, from, fromName, body, sentAt } = message
  return { event: kind, from, fromName, message: plainText(body), sentAt }
}

/**
 * Shows now and then that the session is there, which on a database that several hosts share is all they can see of it, and tells the client
 * of what waits in the inbox. Telling delivers nothing: the model gets it by its next hook, or by `read_messages`. Returns what ends it. A
 * failure is not noted, since each call tells it to the model anyway, and the next beat tries again.
 */
export function startBeating(parts: BeatParts): () => void {
  let told = 0
  const beat = async (): Promise<void> => {
    const place = parts.place()
    await parts.use((deps) => heartbeat(deps, place))
    const waiting = await parts.use((deps) => waitingMessages(deps, { pid: place.pid, after: told }))
    for (const message of waiting) {
      told = Math.max(told, message.position)
      await parts.notify(noticeOf(message))
    }
  }
  const tick = (): void => void beat().catch(() => undefined)
  const first = setTimeout(tick, Math.min(parts.everyMs ?? FIRST_BEAT_MS, FIRST_BEAT_MS)).unref()
  const timer = setInterval(tick, parts.everyMs ?? BEAT_MS).unref()
  return () => {
    clearTimeout(first)
    clearInterval(timer)
  }
}
