/** What can go wrong in this room. Codes are stable; messages are one line and name the thing. */
export type ClaimsErrorCode = 'CLAIMS_BAD_PATH' | 'CLAIMS_BAD_GLOB' | 'CLAIMS_TOO_WIDE' | 'CLAIMS_OUTSIDE'

export interface ClaimsErrorDetails {
  /** The next step for the person who reads the message. */
  hint?: string
  /** JSON-safe facts. */
  data?: Record<string, unknown>
  cause?: unknown
}

/** The one error class of `@pcc/claims`. */
export class ClaimsError extends Error {
  override readonly name = 'ClaimsError'
  readonly code: ClaimsErrorCode
  readonly hint: string | undefined
  readonly data: Record<string, unknown>

  constructor(code: ClaimsErrorCode, message: string, details: ClaimsErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.hint = details.hint
    this.data = details.data ?? {}
  }
}
