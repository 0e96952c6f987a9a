import type { CreationOwner, RemovalActor } from '@pcc/worktree'
import type { Deps } from '../deps.js'
import { isRunning, processKey } from '../runtime.js'

/**
 * This process as the journals of the worktree room name it. A repository can lie on a disk that several hosts share, so the host is part of
 * the start, which that room only compares.
 */
export function journalOwner(deps: Deps): CreationOwner {
  const start = processKey(deps.runtime, process.pid)?.processStart ?? ''
  return { pid: process.pid, processStart: `${deps.runtime.host} ${start}` }
}

/** Whether the process that a journal names still works. */
export function isOwnerAlive(deps: Deps, owner: CreationOwner): boolean {
  const [host = '', start = ''] = (owner.processStart ?? '').split(' ', 2)
  // what another host does cannot be seen from here, so it is let finish
  if (host !== deps.runtime.host) return true
  return isRunning(deps.runtime, { host, pid: owner.pid, processStart: start === '' ? null : start })
}

/** Who this process is, and how to tell whether another owner still works. */
export function removalActor(deps: Deps): RemovalActor {
  return {
    now: deps.runtime.now(),
    owner: journalOwner(deps),
    isAlive: (owner) => isOwnerAlive(deps, owner),
  }
}
