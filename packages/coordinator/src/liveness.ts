import type { SessionRecord } from '@pcc/store/hot'
import { isRunning, type Runtime } from './runtime.js'

/** How long a session of another host counts as alive after its last heartbeat, in minutes. */
const DEFAULT_STALE_MINUTES = 10

/**
 * Alive = its process exists. Only a session of another host, whose processes cannot be seen, is judged by its heartbeat: age alone
 * never declares a local session dead.
 */
export function isAlive(
  runtime: Runtime,
  session: SessionRecord,
  staleMinutes: number = DEFAULT_STALE_MINUTES,
): boolean {
  if (session.endedAt !== null) return false
  if (session.host === runtime.host) return isRunning(runtime, session)
  const silentMs = Date.parse(runtime.now()) - Date.parse(session.lastHeartbeat)
  return silentMs < staleMinutes * 60_000
}
