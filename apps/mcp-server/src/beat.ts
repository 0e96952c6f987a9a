import { type HotDeps, heartbeat } from '@pcc/coordinator/hot'

/** A hook registers the session at its start; a client without our hooks is registered by us, after a hook would have. */
const FIRST_BEAT_MS = 5000
const BEAT_MS = 30_000

export interface BeatParts {
  use<T>(work: (deps: HotDeps) => Promise<T>): Promise<T>
  /** Where the session is when no process above tells. */
  place(): { directory: string; pid: number }
  everyMs: number | undefined
}

/**
 * Shows now and then that the session is there: on a database that several hosts share, that is all they can see of it. Returns what ends it.
 * A failure is not noted, since each call tells it to the model anyway, and the next beat tries again.
 */
export function startBeating(parts: BeatParts): () => void {
  const beat = (): void => {
    parts.use((deps) => heartbeat(deps, parts.place())).catch(() => undefined)
  }
  const first = setTimeout(beat, Math.min(parts.everyMs ?? FIRST_BEAT_MS, FIRST_BEAT_MS)).unref()
  const timer = setInterval(beat, parts.everyMs ?? BEAT_MS).unref()
  return () => {
    clearTimeout(first)
    clearInterval(timer)
  }
}
