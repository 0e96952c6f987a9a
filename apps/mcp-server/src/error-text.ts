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

type ErrorCode = ClaimsErrorCode | CoordinatorErrorCode | StoreErrorCode | WorktreeErrorCode

const WORK_ON = 'Go on with your work without parallel-cc, in your own tree, and tell the user about this.'
const NOT_FROM_HERE = 'This is for the person at the terminal: tell the user what it says.'
const NAME_A_PATH = 'Give file paths inside this repository, absolute or relative to your working directory.'
const LIST_SESSIONS = 'Call get_parallel_status for the sessions there are, with their ids.'

/** What the model can do about each error of the rooms: a new code without a row does not compile. */
const RECOVERY: Readonly<Record<ErrorCode, string>> = {
  CLAIMS_BAD_PATH: NAME_A_PATH,
  CLAIMS_BAD_GLOB: 'Give plain file paths, or a glob such as src/auth/**.',
  CLAIMS_TOO_WIDE: 'Claim the files or the folder that you are going to change, not everything.',
  CLAIMS_OUTSIDE: `Only files of this repository can be claimed. ${NAME_A_PATH}`,
  COORDINATOR_NO_PROCESS: 'The process that is meant has ended. Call get_parallel_status to see who is left.',
  COORDINATOR_NO_SESSION: `${LIST_SESSIONS} If you are not among them, work on without claims and messages.`,
  COORDINATOR_AMBIGUOUS_SESSION: `Give the id. ${LIST_SESSIONS}`,
  COORDINATOR_NAME_TAKEN: 'Take another name.',
  COORDINATOR_BAD_INPUT: 'Correct the arguments and call again.',
  COORDINATOR_CONFIG_INVALID: NOT_FROM_HERE,
  COORDINATOR_CONFIG_UNKNOWN_KEY: NOT_FROM_HERE,
  COORDINATOR_CONFIG_UNWRITABLE: NOT_FROM_HERE,
  STORE_NEWER: `A newer parallel-cc has changed the database; this server must be restarted with it. ${WORK_ON}`,
  STORE_CORRUPT: WORK_ON,
  STORE_NOT_A_DATABASE: WORK_ON,
  STORE_READ_ONLY: WORK_ON,
  STORE_FULL: `The disk is full. ${WORK_ON}`,
  STORE_BUSY:
    'Somebody else is writing. Call again in a few seconds; if it stays so, go on and tell the user.',
  STORE_UNREACHABLE: `The database server does not answer. Call again once; if it stays so: ${WORK_ON}`,
  STORE_DENIED: WORK_ON,
  STORE_DRIVER_MISSING: WORK_ON,
  STORE_FAILED: WORK_ON,
  WORKTREE_GIT_MISSING: WORK_ON,
  WORKTREE_GIT_TOO_OLD: WORK_ON,
  WORKTREE_GIT_FAILED: WORK_ON,
  WORKTREE_GIT_TIMEOUT: 'git took too long. Call again once.',
  WORKTREE_NOT_A_REPO:
    'Sessions, claims and messages exist inside a git repository only. Give repo_path, or go on without.',
  WORKTREE_REPO_REFUSED: NOT_FROM_HERE,
  WORKTREE_NO_COMMITS: 'Make the first commit, then call again.',
  WORKTREE_BAD_REF: 'Give a branch, tag or commit of this repository.',
  WORKTREE_BAD_NAME: 'Take another name, of letters, digits and dashes.',
  WORKTREE_BRANCH_EXISTS: 'Take another name.',
  WORKTREE_BRANCH_CHECKED_OUT: 'Another tree has that branch. Take another one.',
  WORKTREE_PATH_TAKEN: 'Take another name.',
  WORKTREE_NAME_TAKEN: 'Take another name.',
  WORKTREE_CREATE_FAILED: NOT_FROM_HERE,
  WORKTREE_BACKEND_MISSING: NOT_FROM_HERE,
  WORKTREE_NOT_FOUND: 'Give the path of a working tree of this repository.',
  WORKTREE_REMOVAL_NOT_FOUND: NOT_FROM_HERE,
  WORKTREE_RESTORE_BLOCKED: NOT_FROM_HERE,
  WORKTREE_MOVED: NOT_FROM_HERE,
  WORKTREE_FS_FAILED: NOT_FROM_HERE,
}

export interface ErrorText {
  text: string
  /** True for what no room foresaw: it belongs into the log. */
  isBug: boolean
}

/** What the model is told when a tool fails: the code, what happened, what to do next. */
export function errorText(error: unknown): ErrorText {
  if (
    error instanceof ClaimsError ||
    error instanceof CoordinatorError ||
    error instanceof StoreError ||
    error instanceof WorktreeError
  ) {
    return { text: `${error.code}: ${error.message}\n${RECOVERY[error.code]}`, isBug: false }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { text: `INTERNAL: ${message}\n${WORK_ON}`, isBug: true }
}
