import { explain } from './exit-codes.js'
import { type Io, narrate } from './io.js'

/** Tells a failure on stderr, what it was and then what to do next, and returns the exit code. */
export function report(io: Io, error: unknown): number {
  const failure = explain(error)
  narrate(io, `parallel-cc: ${failure.message}`)
  if (failure.hint !== undefined) narrate(io, `  ${failure.hint}`)
  return failure.exitCode
}
