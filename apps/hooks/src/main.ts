import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { placeOf } from '@pcc/coordinator/hot'
import { deliver } from './events/deliver-messages.js'
import { sessionEnd } from './events/session-end.js'
import { sessionStart } from './events/session-start.js'
import type { HookIo } from './hook-io.js'

/*
 * Hooks fail open: whatever goes wrong here, the agent works on as if we were not there. An error leaves one line in the log and the
 * exit code 0, since any other is shown to the person on every call.
 */

type Event = (io: HookIo, args: readonly string[]) => Promise<void>

const EVENTS: Readonly<Record<string, Event>> = {
  SessionStart: sessionStart,
  SessionEnd: sessionEnd,
  UserPromptSubmit: (io) => deliver(io, 'UserPromptSubmit'),
  PostToolBatch: (io) => deliver(io, 'PostToolBatch'),
  Stop: (io) => deliver(io, 'Stop'),
  'end-when-gone': async (io, args) => {
    const { endWhenGone } = await import('./events/end-when-gone.js')
    await endWhenGone(io, args)
  },
}

/** The events that the executable answers, as the client names them. */
export const EVENT_NAMES: readonly string[] = [
  'SessionStart',
  'SessionEnd',
  'UserPromptSubmit',
  'PostToolBatch',
  'Stop',
]

function log(io: HookIo, event: string, error: unknown): void {
  const { logFolder } = placeOf(io.env)
  const code = (error as { code?: unknown } | null)?.code
  const message = error instanceof Error ? error.message : String(error)
  const entry = {
    time: new Date().toISOString(),
    event,
    code: typeof code === 'string' ? code : null,
    message,
  }
  try {
    mkdirSync(logFolder, { recursive: true, mode: 0o700 })
    appendFileSync(join(logFolder, 'hooks.log'), `${JSON.stringify(entry)}\n`, { mode: 0o600 })
  } catch {
    // no place to log to must not become the agent's trouble either
  }
}

/** Answers one event. Returns the exit code: 0, or 1 for an event that there is not; never 2, with which the client blocks the agent. */
export async function main(io: HookIo, args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args
  const event = Object.hasOwn(EVENTS, name) ? EVENTS[name] : undefined
  if (event === undefined) return 1
  try {
    await event(io, rest)
  } catch (error) {
    log(io, name, error)
  }
  return 0
}
