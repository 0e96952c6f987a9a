import { EXIT, explain } from './exit-codes.js'
import { type Io, narrate } from './io.js'
import { printable } from './render/table.js'

/** What to do next where the error itself does not say. */
const NEXT_STEP: Readonly<Record<number, string>> = {
  [EXIT.usage]: 'parallel-cc COMMAND --help shows what it takes.',
  [EXIT.notFound]: 'parallel-cc status --all and parallel-cc list show what there is.',
}

const LOOK_AND_RETRY = 'Nothing was lost. Look at what the message names, then run the command again.'

/** An argument can be 100 kB, and a message quotes it. */
const LONGEST = 1000

/** One line of bearable length, without what a terminal would obey. */
function line(text: string): string {
  const shown = printable(text)
  return shown.length <= LONGEST ? shown : `${shown.slice(0, LONGEST / 2)} … ${shown.slice(-LONGEST / 2)}`
}

/** Tells a failure on stderr in two lines, what it was and then what to do next, and returns the exit code. */
export function report(io: Io, error: unknown): number {
  const { exitCode, message, hint } = explain(error)
  // only the stack of a bug may take more lines
  narrate(io, `parallel-cc: ${exitCode === EXIT.bug ? message : line(message)}`)
  narrate(io, `  ${line(hint ?? NEXT_STEP[exitCode] ?? LOOK_AND_RETRY)}`)
  return exitCode
}
