import { openCoordinator } from '@pcc/coordinator'
import { processKey, systemRuntime } from '@pcc/coordinator/hook-events'
import { clientPid, type HookIo, storeOptions } from '../hook-io.js'
import { readPayload } from '../payload.js'
import { awaited, whenGone } from '../when-gone.js'

async function take(io: HookIo, path: string): Promise<readonly string[]> {
  const coordinator = await openCoordinator(storeOptions(io))
  try {
    return (await coordinator.takeTree({ path }))?.reasons ?? []
  } finally {
    await coordinator.close()
  }
}

/**
 * Takes back a tree that the client has done with, if nothing would be lost. While the client itself still works in it, as at its end, a
 * process of its own does so once the client is gone.
 */
export async function worktreeRemove(io: HookIo): Promise<void> {
  const path = readPayload(io.input).worktreePath
  if (path === undefined) return
  const reasons = await take(io, path)
  if (!reasons.includes('live-session')) return
  const client = processKey(systemRuntime(), clientPid(io))
  if (client === null) return
  await io.continueDetached(['remove-when-gone', path, String(client.pid), client.processStart ?? ''])
}

/** `remove-when-gone PATH PID START` */
export async function removeWhenGone(io: HookIo, args: readonly string[]): Promise<void> {
  const [path = '', pid = '', start = ''] = args
  if (await whenGone(awaited(pid, start))) await take(io, path)
}
