import {
  ClaimsError,
  type ClaimsErrorCode,
  CoordinatorError,
  type CoordinatorErrorCode,
  StoreError,
  type StoreErrorCode,
  WorktreeError,
  type WorktreeErrorCode,
} from '@pcc/coordinator/hot'

/** The exit codes of all commands. */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  no: 3,
  precondition: 4,
  notFound: 5,
  environment: 6,
} as const

type ErrorCode = ClaimsErrorCode | CoordinatorErrorCode | StoreErrorCode | WorktreeErrorCode

/** One row for each code of the rooms: a new code without a row does not compile. */
const EXIT_OF: Readonly<Record<ErrorCode, number>> = {
  CLAIMS_BAD_PATH: EXIT.usage,
  CLAIMS_BAD_GLOB: EXIT.usage,
  CLAIMS_TOO_WIDE: EXIT.usage,
  CLAIMS_OUTSIDE: EXIT.usage,
  COORDINATOR_NO_PROCESS: EXIT.notFound,
  COORDINATOR_NO_SESSION: EXIT.notFound,
  COORDINATOR_AMBIGUOUS_SESSION: EXIT.usage,
  COORDINATOR_NAME_TAKEN: EXIT.precondition,
  COORDINATOR_BAD_INPUT: EXIT.usage,
  COORDINATOR_CONFIG_INVALID: EXIT.usage,
  COORDINATOR_CONFIG_UNKNOWN_KEY: EXIT.usage,
  COORDINATOR_CONFIG_UNWRITABLE: EXIT.environment,
  STORE_NEWER: EXIT.environment,
  STORE_CORRUPT: EXIT.environment,
  STORE_NOT_A_DATABASE: EXIT.environment,
  STORE_READ_ONLY: EXIT.environment,
  STORE_FULL: EXIT.environment,
  STORE_BUSY: EXIT.environment,
  STORE_UNREACHABLE: EXIT.environment,
  STORE_DENIED: EXIT.environment,
  STORE_DRIVER_MISSING: EXIT.environment,
  STORE_FAILED: EXIT.environment,
  WORKTREE_GIT_MISSING: EXIT.environment,
  WORKTREE_GIT_TOO_OLD: EXIT.environment,
  WORKTREE_GIT_FAILED: EXIT.environment,
  WORKTREE_GIT_TIMEOUT: EXIT.environment,
  WORKTREE_NOT_A_REPO: EXIT.precondition,
  WORKTREE_REPO_REFUSED: EXIT.environment,
  WORKTREE_NO_COMMITS: EXIT.precondition,
  WORKTREE_BAD_REF: EXIT.usage,
  WORKTREE_BAD_NAME: EXIT.usage,
  WORKTREE_BRANCH_EXISTS: EXIT.precondition,
  WORKTREE_BRANCH_CHECKED_OUT: EXIT.precondition,
  WORKTREE_PATH_TAKEN: EXIT.precondition,
  WORKTREE_NAME_TAKEN: EXIT.precondition,
  WORKTREE_CREATE_FAILED: EXIT.environment,
  WORKTREE_BACKEND_MISSING: EXIT.environment,
  WORKTREE_NOT_FOUND: EXIT.notFound,
  WORKTREE_REMOVAL_NOT_FOUND: EXIT.notFound,
  WORKTREE_RESTORE_BLOCKED: EXIT.precondition,
  WORKTREE_MOVED: EXIT.precondition,
  WORKTREE_FS_FAILED: EXIT.environment,
}

/** What a failure tells the person, and the process that called. */
export interface Failure {
  exitCode: number
  message: string
  hint: string | undefined
}

/** Explains whatever was thrown. An error that no room knows is a bug, with its stack. */
export function explain(error: unknown): Failure {
  if (
    error instanceof ClaimsError ||
    error instanceof CoordinatorError ||
    error instanceof StoreError ||
    error instanceof WorktreeError
  ) {
    return { exitCode: EXIT_OF[error.code], message: error.message, hint: error.hint }
  }
  if (error instanceof UsageError) return { exitCode: EXIT.usage, message: error.message, hint: error.hint }
  if (error instanceof AgentMissingError) {
    return { exitCode: EXIT.environment, message: error.message, hint: error.hint }
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { exitCode: EXIT.bug, message: `internal error: ${text}`, hint: 'This is a bug; please report it.' }
}

/** Wrong usage of the command line. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

/** The agent to launch is not there. */
export class AgentMissingError extends Error {
  override readonly name = 'AgentMissingError'
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}
