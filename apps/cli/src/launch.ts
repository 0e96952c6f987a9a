import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Writable } from 'node:stream'
import { AgentMissingError } from './exit-codes.js'

/*
 * How an agent is launched so that no kill of this process can leave an agent that nobody knows: a shell with a fixed script waits on
 * descriptor 3 until its pid is recorded, then becomes the agent (same pid, same start time). If this process dies before, the
 * descriptor closes and the shell goes away without having started anything.
 */
const HOLD = 'IFS= read -r word <&3 && [ "$word" = go ] || exit 125; exec "$@" 3<&-'

export interface LaunchRequest {
  command: string
  args: readonly string[]
  cwd: string
  env: NodeJS.ProcessEnv
}

export interface HeldAgent {
  pid: number
  /** Lets the agent start. */
  release(): void
  /** Gives up before the agent started. */
  cancel(): void
  /** The exit code to pass on: the agent's, or 128+n for signal n. */
  exit: Promise<number>
}

/** Signals that are passed on to the agent. */
const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR2'] as const

function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  if (signal !== null) return 128 + constants.signals[signal]
  return code ?? 1
}

/**
 * Keys like Ctrl-C reach the whole foreground group, the agent included; passing them on would make two of one. So those are passed on
 * only where no terminal can have sent them.
 */
function fromTerminal(signal: NodeJS.Signals): boolean {
  return (signal === 'SIGINT' || signal === 'SIGQUIT') && (process.stdin.isTTY || process.stdout.isTTY)
}

function notStarted(request: LaunchRequest, error: Error): AgentMissingError {
  const code = (error as NodeJS.ErrnoException).code ?? error.message
  return new AgentMissingError(
    `the agent ${request.command} could not be started in ${request.cwd}: ${code}`,
    'Check that the program and the directory are there and may be used.',
  )
}

/** Some failures are thrown (too many arguments), others arrive as an event (no such directory). */
function begin(request: LaunchRequest, stdio: StdioOptions): ChildProcess {
  try {
    return spawn(request.command, request.args, { cwd: request.cwd, env: request.env, stdio })
  } catch (error) {
    throw notStarted(request, error as Error)
  }
}

function follow(child: ChildProcess): Promise<number> {
  const pass = (signal: NodeJS.Signals): void => {
    if (!fromTerminal(signal)) child.kill(signal)
  }
  for (const signal of FORWARDED) process.on(signal, pass)
  return new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(exitCodeOf(code, signal)))
  }).finally(() => {
    for (const signal of FORWARDED) process.off(signal, pass)
  })
}

/** Starts a process that becomes the agent when released. */
export async function launchHeld(request: LaunchRequest): Promise<HeldAgent> {
  const holder = {
    ...request,
    command: '/bin/sh',
    args: ['-c', HOLD, 'sh', request.command, ...request.args],
  }
  const child = begin(holder, ['inherit', 'inherit', 'inherit', 'pipe'])
  const exit = follow(child)
  // a holder that could not be started is told below
  exit.catch(() => undefined)
  const gate = child.stdio[3] as Writable
  // the holder may be killed before it has read the word; its exit tells
  gate.on('error', () => undefined)
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error) => reject(notStarted(request, error)))
  })
  return {
    pid: child.pid as number,
    release: () => gate.end('go\n'),
    cancel: () => gate.end(),
    exit,
  }
}

/** Runs a program as it is, with our terminal and signals, and waits for it. */
export async function runThrough(request: LaunchRequest): Promise<number> {
  const child = begin(request, 'inherit')
  return follow(child).catch((error: Error) => {
    throw notStarted(request, error)
  })
}
