/** What a hook may touch of the outside. */
export interface HookIo {
  env: NodeJS.ProcessEnv
  cwd: string
  /** The process that called us: the client, or the shell that it runs hooks in. */
  parentPid: number
  /** The payload, whole. */
  input: string
  reply(text: string): void
  /** Tells the person why the client's request was refused. */
  refuse(text: string): void
  /** Path of the compiled SQLite addon, when this is a bundle. */
  nativeBinding: string | undefined
  /** Starts this program again, detached, to go on after the hook has returned. */
  continueDetached(args: readonly string[]): Promise<void>
}

/** How long a hook waits for the database, in milliseconds: it gives up early rather than hold the agent. */
export const HOOK_BUSY_TIMEOUT_MS = 2000

/** How long a hook waits for a database server that says nothing, in milliseconds. */
const HOOK_ANSWER_TIMEOUT_MS = 1500

/** The settings that every hook opens the store with. */
export function storeOptions(io: HookIo): {
  env: NodeJS.ProcessEnv
  busyTimeoutMs: number
  answerTimeoutMs: number
  nativeBinding?: string
} {
  return {
    env: io.env,
    busyTimeoutMs: HOOK_BUSY_TIMEOUT_MS,
    answerTimeoutMs: HOOK_ANSWER_TIMEOUT_MS,
    ...(io.nativeBinding === undefined ? {} : { nativeBinding: io.nativeBinding }),
  }
}

/** The client's process: it says so itself; a hook without that is its direct child. */
export function clientPid(io: HookIo): number {
  const said = Number(io.env['CLAUDE_PID'])
  return Number.isSafeInteger(said) && said > 1 ? said : io.parentPid
}
