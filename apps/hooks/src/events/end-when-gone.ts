import { setTimeout as wait } from 'node:timers/promises'
import type { HookIo } from '../hook-io.js'

/** How long the client may take to end after it said so. One that lives longer has not ended, and keeps its session. */
const PATIENCE_MS = 60_000
const LOOK_EVERY_MS = 50

/** Waits until the client's process is gone, then ends its session: `end-when-gone SESSION PID START`. */
export async function endWhenGone(io: HookIo, args: readonly string[]): Promise<void> {
  const [sessionId = '', pid = '', start = ''] = args
  const { isRunning, openCoordinator, systemRuntime } = await import('@pcc/coordinator')
  const runtime = systemRuntime()
  const key = { host: runtime.host, pid: Number(pid), processStart: start === '' ? null : start }
  for (let waited = 0; isRunning(runtime, key); waited += LOOK_EVERY_MS) {
    if (waited >= PATIENCE_MS) return
    await wait(LOOK_EVERY_MS)
  }
  const coordinator = await openCoordinator({
    env: io.env,
    ...(io.nativeBinding === undefined ? {} : { nativeBinding: io.nativeBinding }),
  })
  try {
    await coordinator.endSession({
      session: sessionId,
      directory: io.cwd,
      pid: process.pid,
      reason: 'exited',
    })
  } finally {
    await coordinator.close()
  }
}
