import type { StatusResult } from '@pcc/coordinator'
import type { Io } from '../io.js'
import { table } from './table.js'

function age(minutes: number): string {
  if (minutes < 60) return `${minutes}m`
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}`
  return `${Math.floor(minutes / (24 * 60))}d`
}

/** The sessions as a person reads them. */
export function renderStatus(io: Io, result: StatusResult): string {
  if (result.sessions.length === 0) {
    return result.repoPath === null ? 'No sessions.' : `No sessions in ${result.repoPath}.`
  }
  const rows = result.sessions.map((session) => [
    session.name ?? session.worktreeName ?? session.sessionId,
    session.sessionId,
    session.isAlive ? session.status : 'dead',
    String(session.pid),
    age(session.durationMinutes),
    session.branch ?? '-',
    session.worktreePath,
  ])
  const dead = result.sessions.filter((session) => !session.isAlive).length
  const lines = [table(io, ['SESSION', 'ID', 'STATE', 'PID', 'AGE', 'BRANCH', 'TREE'], rows)]
  if (dead > 0) lines.push('', `${dead} dead: parallel-cc cleanup ends them and removes what is safe.`)
  return lines.join('\n')
}
