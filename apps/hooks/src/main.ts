import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ANSWERED_EVENTS } from '@pcc/coordinator/hook-events'
import { placeOf } from '@pcc/coordinator/hot'
import { sessionEnd } from './events/session-end.js'
import { sessionStart } from './events/session-start.js'
import type { HookIo } from './hook-io.js'

/*
 * Hooks fail open: whatever goes wrong here, the agent works on as if we were not there. An error leaves one line in the log and the
 * exit code 0, since any other is shown to the person on every call.
 */

/** An event whose answer the client cannot do without ends with a code of its own. */
type Event = (io: HookIo, args: readonly string[]) => Promise<number | void>

const EVENTS: Readonly<Record<string, Event>> = {
  SessionStart: sessionStart,
  SessionEnd: sessionEnd,
  ...Object.fromEntries(
    ANSWERED_EVENTS.map((name) => [
      name,
      async (io: HookIo) => {
        const { answered } = await import('./events/answered.js')
        await answered(io, name)
      },
    ]),
  ),
  WorktreeCreate: async (io) => {
    const { worktreeCreate } = await import('./events/worktree-create.js')
    return worktreeCreate(io)
  },
  WorktreeRemove: async (io) => {
    const { worktreeRemove } = await import('./events/worktree-remove.js')
    await worktreeRemove(io)
  },
  'remove-when-gone': async (io, args) => {
    const { removeWhenGone } = await import('./events/worktree-remove.js')
    await removeWhenGone(io, args)
  },
  'end-when-gone': async (io, args) => {
    const { endWhenGone } = await import('./events/end-when-gone.js')
    await endWhenGone(io, args)
  },
}

/** The events that the executable answers, as the client names them. */
export const EVENT_NAMES: readonly string[] = [
  'SessionStart',
  'SessionEnd',
  ...ANSWERED_EVENTS,
  'WorktreeCreate',
  'WorktreeRemove',
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

/**
 * Answers one event. Returns the exit code: 0, or 1 for an event that there is not and for a tree that could not be made; never 2, with which
 * the client blocks the agent.
 */
export async function main(io: HookIo, args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args
  const event = Object.hasOwn(EVENTS, name) ? EVENTS[name] : undefined
  if (event === undefined) return 1
  try {
    return (await event(io, rest)) ?? 0
  } catch (error) {
    log(io, name, error)
    return 0
  }
}
