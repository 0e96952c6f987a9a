/** A place to write text to, as streams have it. */
export interface Output {
  write(text: string): unknown
}

/** What a command may touch of the outside: nothing else in this app reads the process. */
export interface Io {
  stdout: Output
  stderr: Output
  env: NodeJS.ProcessEnv
  cwd: string
  /** This process. */
  pid: number
  /** The process that called us: what `--pid` defaults to. */
  parentPid: number
  isTty: boolean
  /** Width of the terminal in columns; `undefined` when stdout is none. */
  columns: number | undefined
  /** Path of the compiled SQLite addon, when this is a bundle. */
  nativeBinding: string | undefined
  /** Aborted when the person interrupts a command that only waits (`--watch`). */
  interrupted: AbortSignal
}

/** Prints the one JSON document of a command. */
export function printJson(io: Io, document: object): void {
  io.stdout.write(`${JSON.stringify({ schemaVersion: 1, ...document })}\n`)
}

/** Prints a line that is the answer. */
export function say(io: Io, line: string): void {
  io.stdout.write(`${line}\n`)
}

/** Prints a line that only accompanies the answer. */
export function narrate(io: Io, line: string): void {
  io.stderr.write(`${line}\n`)
}
