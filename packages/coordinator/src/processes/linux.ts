import { readFileSync } from 'node:fs'
import { type ProcessSnapshot, type ProcessTable, pidExists } from './table.js'

/** Positions after the command's closing bracket in `/proc/<pid>/stat` (proc(5)): state is field 3. */
const STATE = 0
const PARENT = 1
const START_TICKS = 19

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
  } catch {
    // start ticks alone still tell processes of one boot apart
    return 'unknown'
  }
}

/** Reads `/proc`: one small file a process. The start is `<boot id>:<clock ticks since boot>`. */
export function linuxProcessTable(root = '/proc'): ProcessTable {
  let boot: string | undefined
  return {
    look(pid: number): ProcessSnapshot | null {
      let stat: string
      try {
        stat = readFileSync(`${root}/${pid}/stat`, 'utf8')
      } catch {
        // mounted with hidepid, another user's process has no entry though it lives
        return pidExists(pid) ? { pid, parent: 0, start: '' } : null
      }
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const state = fields[STATE] ?? ''
      if (state === 'Z' || state === 'X') return null
      boot ??= bootId()
      return { pid, parent: Number(fields[PARENT] ?? 0), start: `${boot}:${fields[START_TICKS] ?? ''}` }
    },
  }
}
