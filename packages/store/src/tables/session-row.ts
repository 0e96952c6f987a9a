import type { Selectable } from 'kysely'
import type { SessionPatch, SessionRecord, SessionStatus } from '../records.js'
import type { SessionTable } from '../schema.js'

/** A row of `sessions` as both doors read it. */
export type SessionRow = Selectable<SessionTable>

/** Field of the record to column of the table. */
const SESSION_COLUMNS = {
  id: 'id',
  repoId: 'repo_id',
  host: 'host',
  pid: 'pid',
  processStart: 'process_start',
  name: 'name',
  agentSessionId: 'agent_session_id',
  worktreePath: 'worktree_path',
  worktreeName: 'worktree_name',
  branch: 'branch',
  base: 'base',
  isMainRepo: 'is_main_repo',
  ownsWorktree: 'owns_worktree',
  startedAt: 'started_at',
  lastHeartbeat: 'last_heartbeat',
  endedAt: 'ended_at',
  endReason: 'end_reason',
  executionMode: 'execution_mode',
  sandboxId: 'sandbox_id',
  prompt: 'prompt',
  status: 'status',
  outputLog: 'output_log',
  origin: 'origin',
} as const satisfies Record<keyof SessionRecord, keyof SessionRow>

const PATCHABLE: ReadonlySet<string> = new Set<keyof SessionPatch>([
  'host',
  'pid',
  'processStart',
  'name',
  'agentSessionId',
  'worktreePath',
  'worktreeName',
  'branch',
  'base',
  'isMainRepo',
  'ownsWorktree',
  'lastHeartbeat',
  'status',
])

export function sessionFromRow(row: SessionRow): SessionRecord {
  return {
    id: row.id,
    repoId: row.repo_id,
    host: row.host,
    pid: row.pid,
    processStart: row.process_start,
    name: row.name,
    agentSessionId: row.agent_session_id,
    worktreePath: row.worktree_path,
    worktreeName: row.worktree_name,
    branch: row.branch,
    base: row.base,
    isMainRepo: row.is_main_repo === 1,
    ownsWorktree: row.owns_worktree === 1,
    startedAt: row.started_at,
    lastHeartbeat: row.last_heartbeat,
    endedAt: row.ended_at,
    endReason: row.end_reason,
    executionMode: row.execution_mode,
    sandboxId: row.sandbox_id,
    prompt: row.prompt,
    status: row.status as SessionStatus,
    outputLog: row.output_log,
    origin: row.origin as SessionRecord['origin'],
  }
}

export function sessionToRow(session: SessionRecord): SessionRow {
  return columnsOf(session) as SessionRow
}

/** The columns that a patch changes; fields that are `undefined`, or that may not change, are left out. */
export function patchToColumns(patch: SessionPatch): Partial<SessionRow> {
  return columnsOf(
    Object.fromEntries(
      Object.entries(patch).filter(([key, value]) => PATCHABLE.has(key) && value !== undefined),
    ),
  )
}

function columnsOf(fields: Partial<SessionRecord>): Partial<SessionRow> {
  const row: Record<string, unknown> = {}
  for (const [field, value] of Object.entries(fields)) {
    const column = SESSION_COLUMNS[field as keyof SessionRecord]
    if (column !== undefined) row[column] = typeof value === 'boolean' ? Number(value) : value
  }
  return row
}
