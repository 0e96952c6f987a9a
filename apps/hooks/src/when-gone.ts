import { setTimeout as wait } from 'node:timers/promises'
import { isRunning, systemRuntime } from '@pcc/coordinator/hook-events'

/** How long the client may take to end after it said so. One that lives longer has not ended. */
const PATIENCE_MS = 60_000
const LOOK_EVERY_MS = 50

/** A process as it is handed to a detached one: pid and start. */
export interface Awaited {
  pid: number
  processStart: string | null
}

/** Waits until a process is gone. False when it has not ended in time. */
export async function whenGone(process: Awaited): Promise<boolean> {
  const runtime = systemRuntime()
  const key = { host: runtime.host, ...process }
  for (let waited = 0; isRunning(runtime, key); waited += LOOK_EVERY_MS) {
    if (waited >= PATIENCE_MS) return false
    await wait(LOOK_EVERY_MS)
  }
  return true
}

/** Reads what `continueDetached` was given. */
export function awaited(pid: string, start: string): Awaited {
  return { pid: Number(pid), processStart: start === '' ? null : start }
}
