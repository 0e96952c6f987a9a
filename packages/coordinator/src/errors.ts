/** What can go wrong in this room. Codes are stable; messages are one line and name the thing. */
export type CoordinatorErrorCode =
  | 'COORDINATOR_NO_PROCESS'
  | 'COORDINATOR_NO_SESSION'
  | 'COORDINATOR_AMBIGUOUS_SESSION'
  | 'COORDINATOR_NAME_TAKEN'
  | 'COORDINATOR_BAD_INPUT'
  | 'COORDINATOR_CONFIG_INVALID'
  | 'COORDINATOR_CONFIG_UNKNOWN_KEY'
  | 'COORDINATOR_CONFIG_UNWRITABLE'

export interface CoordinatorErrorDetails {
  /** The next step for the person who reads the message. */
  hint?: string
  /** JSON-safe facts. */
  data?: Record<string, unknown>
  cause?: unknown
}

/** The one error class of `@pcc/coordinator`; errors of the rooms below pass through as they are. */
export class CoordinatorError extends Error {
  override readonly name = 'CoordinatorError'
  readonly code: CoordinatorErrorCode
  readonly hint: string | undefined
  readonly data: Record<string, unknown>

  constructor(code: CoordinatorErrorCode, message: string, details: CoordinatorErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.hint = details.hint
    this.data = details.data ?? {}
  }
}
