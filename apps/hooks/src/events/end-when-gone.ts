import type { HookIo } from '../hook-io.js'
import { awaited, whenGone } from '../when-gone.js'

/** Waits until the client's process is gone, then ends its session: `end-when-gone SESSION PID START`. */
export async function endWhenGone(io: HookIo, args: readonly string[]): Promise<void> {
  const [sessionId = '', pid = '', start = ''] = args
  if (!(await whenGone(awaited(pid, start)))) return
  const { openCoordinator } = await import('@pcc/coordinator')
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
