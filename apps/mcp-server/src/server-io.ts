import type { Readable, Writable } from 'node:stream'

/** What the server may touch of the outside. */
export interface ServerIo {
  env: NodeJS.ProcessEnv
  cwd: string
  /** This process; the client is above it. */
  pid: number
  /** The process that started us, asked anew: when it is gone, another has taken its place. */
  parentPid(): number
  stdin: Readable
  /** The protocol's, and nobody else's. */
  stdout: Writable
  /** Path of the compiled SQLite addon, when this is a bundle. */
  nativeBinding: string | undefined
  /** Aborted when a signal asks the server to end. */
  stopped: AbortSignal
  version: string
  /** How often the session shows that it is there and its inbox is looked at, in milliseconds. @default 15000 */
  beatEveryMs?: number
}
