import { type ProcessSnapshot, type ProcessTable, pidExists } from './table.js'

function parse(line: string): (ProcessSnapshot & { state: string }) | null {
  const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line)
  if (match === null) return null
  const [, pid = '', parent = '', state = '', started = ''] = match
  return { pid: Number(pid), parent: Number(parent), state, start: started.replace(/\s+/g, ' ') }
}

/** Asks POSIX `ps`, for systems without `/proc`. The start is its `lstart`, in seconds, in UTC. */
export function psProcessTable(): ProcessTable {
  // loaded only where it is used: a hook on Linux starts no process, and would pay for being able to
  const { execFileSync } = process.getBuiltinModule('node:child_process')
  return {
    look(pid: number): ProcessSnapshot | null {
      let output: string
      try {
        output = execFileSync('ps', ['-o', 'pid=,ppid=,stat=,lstart=', '-p', String(pid)], {
          encoding: 'utf8',
          env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
          stdio: ['ignore', 'pipe', 'ignore'],
        })
      } catch {
        // ps exits 1 for an unknown pid, and may be missing altogether
        return pidExists(pid) ? { pid, parent: 0, start: '' } : null
      }
      const found = parse(output)
      if (found === null || found.state.startsWith('Z')) return null
      return { pid: found.pid, parent: found.parent, start: found.start }
    },
  }
}
