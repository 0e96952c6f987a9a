import type { Generated } from 'kysely'

/**
 * The tables, by the names and columns they have in the database. Times are ISO 8601 text, truths are 0 or 1, JSON is text: the
 * same in both dialects. There are no foreign keys, since rows of ended sessions stay and whole repositories may come and go.
 */
export interface Schema {
  repos: RepoTable
  sessions: SessionTable
  worktrees: WorktreeTable
  file_claims: FileClaimTable
  messages: MessageTable
  message_recipients: MessageRecipientTable
  merge_events: MergeEventTable
  subscriptions: SubscriptionTable
  sandbox_runs: SandboxRunTable
  leases: LeaseTable
  edit_warnings: EditWarningTable
}

export interface RepoTable {
  id: string
  host: string
  common_dir: string
  project_key: string | null
  created_at: string
}

export interface SessionTable {
  id: string
  repo_id: string
  host: string
  pid: number
  process_start: string | null
  name: string | null
  agent_session_id: string | null
  worktree_path: string
  worktree_name: string | null
  branch: string | null
  base: string | null
  is_main_repo: number
  owns_worktree: number
  started_at: string
  last_heartbeat: string
  ended_at: string | null
  end_reason: string | null
  execution_mode: Generated<string>
  sandbox_id: string | null
  prompt: string | null
  status: Generated<string>
  output_log: string | null
  origin: string
}

export interface WorktreeTable {
  id: string
  repo_id: string
  session_id: string | null
  path: string
  branch: string
  base: string
  created_at: string
  removed_at: string | null
}

export interface FileClaimTable {
  session_id: string
  /** Relative to the repository, or a glob when `is_glob` is 1. */
  file_path: string
  claim_mode: Generated<string>
  claimed_at: string
  repo_id: string
  /** `null`: until it is released or its session ends. */
  expires_at: string | null
  reason: string | null
  source: Generated<string>
  is_glob: Generated<number>
}

export interface MessageTable {
  id: string
  repo_id: string
  /** The sending session; `null` when the tool itself speaks. */
  from_session: string | null
  body: string
  kind: Generated<string>
  /** JSON that belongs to the kind. */
  data: string | null
  sent_at: string
}

export interface MessageRecipientTable {
  /** The order of an inbox: later messages have higher numbers. */
  position: Generated<number>
  message_id: string
  session_id: string
  /** `queued`, `delivered`, `read`, or `dead` when nobody was there to get it. */
  state: Generated<string>
  delivered_at: string | null
  read_at: string | null
}

export interface MergeEventTable {
  id: string
  branch: string
  merged_at: string
  merged_into: Generated<string>
  /** JSON array of session ids. */
  notified_sessions: string | null
  repo_id: string
  source_commit: string
  target_commit: string
  method: string
  merged_by: string | null
  reverted: Generated<number>
}

export interface SubscriptionTable {
  session_id: string
  branch: string
  created_at: string
}

export interface SandboxRunTable {
  session_id: string
  repo_id: string
  /** The session that asked for the run. */
  asked_by: string | null
  sandbox_id: string | null
  provider: string
  status: string
  name: string | null
  prompt: string
  template: string | null
  worktree_path: string | null
  branch: string | null
  base_commit: string | null
  commit_id: string | null
  /** JSON array. */
  changed_files: string | null
  exit_code: number | null
  cost_usd: number | null
  budget_usd: number | null
  timeout_seconds: number | null
  duration_seconds: number | null
  output_log: string | null
  error: string | null
  created_at: string
  started_at: string | null
  updated_at: string
  finished_at: string | null
}

export interface LeaseTable {
  repo_id: string
  name: string
  holder: string
  acquired_at: string
  expires_at: string
}

export interface EditWarningTable {
  session_id: string
  repo_id: string
  file_path: string
  /** The session whose hold it was warned of. */
  holder: string
  warned_at: string
}
