import type { CleanUpResult, ListResult, TreeDecision, TreeRow } from '@pcc/coordinator'
import { quote } from 'shell-quote'
import type { Io } from '../io.js'
import { printable, table } from './table.js'

function changes(row: TreeRow): string {
  const parts = [
    [row.staged, 'staged'],
    [row.unstaged, 'changed'],
    [row.untracked, 'untracked'],
  ] as const
  const text = parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`)
  if (row.operation !== null) text.push(`${row.operation} in progress`)
  return text.length === 0 ? 'clean' : text.join(', ')
}

function landed(row: TreeRow): string {
  if (row.isMain) return '-'
  const { state, method, reverted } = row.landed
  return state === 'landed' ? `landed (${method}${reverted ? ', reverted' : ''})` : state
}

/** The working trees as a person reads them. */
export function renderList(io: Io, result: ListResult): string {
  const withDisk = result.worktrees.some((row) => row.diskBytes !== undefined)
  const rows = result.worktrees.map((row) => [
    row.branch ?? '(detached)',
    row.sessionId === null ? '-' : `${row.sessionId}${row.isAlive ? '' : ' (dead)'}`,
    changes(row),
    `+${row.ahead} -${row.behind}`,
    landed(row),
    ...(withDisk ? [`${Math.ceil((row.diskBytes ?? 0) / 1_000_000)} MB`] : []),
    row.path,
  ])
  const disk = withDisk ? ['DISK'] : []
  return table(io, ['BRANCH', 'SESSION', 'CHANGES', 'TARGET', 'LANDED', ...disk, 'TREE'], rows)
}

/** How to go on in a tree that was kept. */
export function returnCommand(path: string): string {
  return `parallel-cc start --isolation never --repo ${quote([path])}`
}

/** What became of one tree, in a line, and what to do next. */
export function renderDecision(decision: TreeDecision): string[] {
  const why = decision.details.map(printable).join('; ')
  const path = printable(decision.path)
  if (decision.action === 'removed') {
    const back =
      decision.removalId === null ? '' : `; parallel-cc restore ${decision.removalId} brings it back`
    return [`removed ${path}${why === '' ? '' : ` (${why})`}${back}`]
  }
  return [`kept ${path}: ${why}`]
}

/** The report of a cleanup. */
export function renderCleanUp(result: CleanUpResult, dryRun: boolean): string {
  const lines = result.endedSessions.map(
    (row) => `ended ${row.name ?? row.sessionId} (pid ${row.pid} is gone)`,
  )
  lines.push(...result.worktrees.flatMap(renderDecision))
  if (result.purged.length > 0) lines.push(`emptied the trash of ${result.purged.length} old removals`)
  if (lines.length === 0) lines.push('nothing to clean up')
  return (dryRun ? ['dry run, nothing was changed:', ...lines] : lines).join('\n')
}
