import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { claudePath, clientEnv } from './home.js'

/** One line of the client's `stream-json` output. */
export type ClientEvent = { type: string; subtype?: string; session_id?: string } & Record<string, unknown>

export interface ClientOptions {
  /** Where the client starts. */
  cwd: string
  home: string
  /** The API to talk to. */
  api: { url: string }
  /** Given with `-p`; without a prompt the client gets `args` alone. */
  prompt?: string
  /** Further arguments of the client. */
  args?: readonly string[]
  /** A program that starts the client: it gets `args` and then the client's arguments. Without it the client itself is started. */
  via?: { command: string; args?: readonly string[] }
  env?: Record<string, string>
  /** Written to its stdin, which is empty without it. */
  stdin?: string
  /** The run is killed, and `done` rejects, after this long. @default 60000 */
  limitMs?: number
}

export interface ClientResult {
  /** Exit code; null when a signal ended the process. */
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** The lines of stdout that are stream-json events. */
  events: ClientEvent[]
  /** The closing `result` event, absent when the client was ended before it. */
  result: ClientEvent | undefined
  /** Process id of what was started: with `via` that program's. */
  pid: number
}

export interface RunningClient {
  readonly pid: number
  /** What it has put out so far. */
  events(): ClientEvent[]
  kill(signal: NodeJS.Signals): void
  /** Waits until an event fits. @throws when the limit passes or the client ends without one. */
  waitForEvent(fits: (event: ClientEvent) => boolean, limitMs?: number): Promise<ClientEvent>
  /** Settles when nobody holds its output any more, which may be later than its end. */
  readonly done: Promise<ClientResult>
  /** Settles when the process itself has ended. */
  readonly exited: Promise<void>
}

function parseEvents(stdout: string): ClientEvent[] {
  return stdout.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return []
    try {
      return [JSON.parse(line) as ClientEvent]
    } catch {
      return []
    }
  })
}

function clientArguments({ prompt, args = [] }: ClientOptions): string[] {
  if (prompt === undefined) return [...args]
  const output = ['--output-format', 'stream-json', '--verbose', '--dangerously-skip-permissions']
  return ['-p', prompt, ...output, ...args]
}

function start(options: ClientOptions): ChildProcess {
  const { cwd, home, api, via, env } = options
  const command = via?.command ?? claudePath()
  return spawn(command, [...(via?.args ?? []), ...clientArguments(options)], {
    cwd,
    env: clientEnv({ home, apiUrl: api.url, ...(env && { extra: env }) }),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
}

/** Ends what is left of the process group that `detached` made, so that no test leaves a process behind. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

interface Output {
  stdout: string
  stderr: string
}

function collect(child: ChildProcess): Output {
  const output: Output = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text
    })
  }
  return output
}

function finish(child: ChildProcess, output: Output, limitMs: number): Promise<ClientResult> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      if (child.pid !== undefined) killGroup(child.pid)
      const seen = `${output.stdout.slice(-2000)}\n${output.stderr.slice(-2000)}`
      reject(new Error(`the client did not end within ${limitMs} ms; its last output:\n${seen}`))
    }, limitMs)
    child.once('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      const events = parseEvents(output.stdout)
      const result = events.findLast((event) => event.type === 'result')
      resolve({ code, signal, ...output, events, result, pid: child.pid ?? 0 })
    })
  })
}

/** Starts the client, without waiting for it; what still runs is killed when the running test ends. */
export function spawnClaude(options: ClientOptions): RunningClient {
  const child = start(options)
  const output = collect(child)
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  const done = finish(child, output, options.limitMs ?? 60_000)
  done.catch(() => undefined)
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(options.stdin ?? '')
  const pid = child.pid ?? 0
  if (pid > 0) onTestFinished(() => killGroup(pid))
  const events = (): ClientEvent[] => parseEvents(output.stdout)
  return {
    pid,
    events,
    kill: (signal) => void child.kill(signal),
    done,
    exited,
    async waitForEvent(fits, limitMs = 30_000) {
      for (let waited = 0; waited < limitMs; waited += 20) {
        const found = events().find(fits)
        if (found) return found
        if (child.exitCode !== null || child.signalCode !== null) break
        await wait(20)
      }
      throw new Error(`no such event of the client; its output:\n${output.stdout}\n${output.stderr}`)
    },
  }
}

/** Runs the client to its end. */
export function runClaude(options: ClientOptions): Promise<ClientResult> {
  return spawnClaude(options).done
}
