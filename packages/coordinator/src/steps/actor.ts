import type { RemovalActor, RemovalOwner } from '@pcc/worktree'
import type { Deps } from '../deps.js'
import { isRunning, processKey } from '../runtime.js'

/** Who this process is, for the journals of the worktree room, and how to tell whether another owner still works. */
export function removalActor(deps: Deps): RemovalActor {
  const { runtime } = deps
  const own = processKey(runtime, process.pid)
  return {
    now: runtime.now(),
    owner: { pid: process.pid, processStart: own?.processStart ?? '', host: runtime.host },
    isAlive: (owner: RemovalOwner) => {
      // what another host does cannot be seen from here, so it is let finish
      if (owner.host !== runtime.host) return true
      const processStart = owner.processStart === '' ? null : owner.processStart
      return isRunning(runtime, { host: owner.host, pid: owner.pid, processStart })
    },
  }
}
