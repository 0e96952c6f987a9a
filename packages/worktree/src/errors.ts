/** What can go wrong in this room. Codes are stable; messages are one line and name the thing. */
export type WorktreeErrorCode =
  | 'WORKTREE_GIT_MISSING'
  | 'WORKTREE_GIT_TOO_OLD'
  | 'WORKTREE_GIT_FAILED'
  | 'WORKTREE_GIT_TIMEOUT'
  | 'WORKTREE_NOT_A_REPO'
  | 'WORKTREE_REPO_REFUSED'
  | 'WORKTREE_NO_COMMITS'
  | 'WORKTREE_BAD_REF'
  | 'WORKTREE_BAD_NAME'
  | 'WORKTREE_BRANCH_EXISTS'
  | 'WORKTREE_BRANCH_CHECKED_OUT'
  | 'WORKTREE_PATH_TAKEN'
  | 'WORKTREE_NAME_TAKEN'
  | 'WORKTREE_CREATE_FAILED'
  | 'WORKTREE_BACKEND_MISSING'
  | 'WORKTREE_NOT_FOUND'
  | 'WORKTREE_REMOVAL_NOT_FOUND'
  | 'WORKTREE_RESTORE_BLOCKED'
  | 'WORKTREE_MOVED'
  | 'WORKTREE_FS_FAILED'

export interface WorktreeErrorDetails {
  /** The next step for the person who reads the message. */
  hint?: string
  /** JSON-safe facts: paths, refs, counts. Never secrets. */
  data?: Record<string, unknown>
  cause?: unknown
}

/** Paths and refs may hold control characters; a message stays one line and tells a terminal nothing. */
function oneLine(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

/** The one error class of `@pcc/worktree`. */
export class WorktreeError extends Error {
  override readonly name = 'WorktreeError'
  readonly code: WorktreeErrorCode
  readonly hint: string | undefined
  readonly data: Record<string, unknown>

  constructor(code: WorktreeErrorCode, message: string, details: WorktreeErrorDetails = {}) {
    super(oneLine(message), details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.hint = details.hint
    this.data = details.data ?? {}
  }
}
