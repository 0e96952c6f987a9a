import { linuxProcessTable } from './linux.js'
import { psProcessTable } from './ps.js'

/** One look at a process. `start` tells it from a later process of the same pid; it is opaque and never parsed. */
export interface ProcessSnapshot {
  pid: number
  parent: number
  start: string
}

/** What the system tells about processes. A zombie is not there: it can do nothing any more. */
export interface ProcessTable {
  /** The process, or `null` when there is none of this pid (or only its zombie). */
  look(pid: number): ProcessSnapshot | null
}

/** The table of the system that we run on. */
export function systemProcessTable(platform: NodeJS.Platform = process.platform): ProcessTable {
  return platform === 'linux' ? linuxProcessTable() : psProcessTable()
}

/** True when a process of this pid exists, whoever owns it. Used where the system hides the details. */
export function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // another user's process may not be signalled, but it is there
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
