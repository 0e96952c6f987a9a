/** What can go wrong in this room. Codes are stable; messages are one line and name the thing. */
export type StoreErrorCode =
  | 'STORE_NEWER'
  | 'STORE_CORRUPT'
  | 'STORE_NOT_A_DATABASE'
  | 'STORE_READ_ONLY'
  | 'STORE_FULL'
  | 'STORE_BUSY'
  | 'STORE_UNREACHABLE'
  | 'STORE_DENIED'
  | 'STORE_DRIVER_MISSING'
  | 'STORE_FAILED'

export interface StoreErrorDetails {
  /** The next step for the person who reads the message. */
  hint?: string
  /** JSON-safe facts. Never a connection string with its password. */
  data?: Record<string, unknown>
  cause?: unknown
}

/** The one error class of `@pcc/store`. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode
  readonly hint: string | undefined
  readonly data: Record<string, unknown>

  constructor(code: StoreErrorCode, message: string, details: StoreErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.hint = details.hint
    this.data = details.data ?? {}
  }
}
