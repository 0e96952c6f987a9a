import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Coordinator, Isolation, StartedSession } from '@pcc/coordinator'
import { locateRepo } from '@pcc/coordinator/hot'
import { type Agent, findAgent } from '../agent.js'
import { type CommonArgs, directoryOf, type Handler, withCoordinator } from '../context.js'
import { UsageError } from '../exit-codes.js'
import { type Io, narrate, printJson, say } from '../io.js'
import { type HeldAgent, launchHeld } from '../launch.js'
import { report } from '../report.js'

export interface StartArgs extends CommonArgs {
  name?: string | undefined
  base?: string | undefined
  isolation: Isolation
  agent?: string | undefined
  launch: boolean
  pid?: number | undefined
  /** What comes after `--`. */
  agentArgs: readonly string[]
  /** Told to the person when the session works in another tree than the one that it was started in. */
  otherTreeNote?: string | undefined
}

const HEARTBEAT_MS = 60_000

function startInput(io: Io, args: StartArgs): Parameters<Coordinator['startSession']>[0] {
  return {
    directory: directoryOf(io, args),
    ...(args.name === undefined ? {} : { name: args.name }),
    ...(args.base === undefined ? {} : { base: args.base }),
    isolation: args.isolation,
    ownerPid: io.pid,
  }
}

async function registerOnly(io: Io, args: StartArgs): Promise<number> {
  const pid = args.pid ?? io.parentPid
  const session = await withCoordinator(io, (it) => it.startSession({ ...startInput(io, args), pid }))
  if (args.json) printJson(io, session)
  else say(io, describe(session))
  return 0
}

function describe(session: StartedSession): string {
  const where = session.isMainRepo ? 'in the main checkout' : 'in a tree of its own'
  const known = session.isNew ? '' : ' (registered before)'
  return `session ${session.name ?? session.sessionId} ${where}: ${session.worktreePath}${known}`
}

/** The folder in the session's tree that corresponds to where the person stands, if it is there. */
function startFolder(from: string, session: StartedSession): string {
  const top = locateRepo(from)?.topLevel ?? null
  const inside = top === null ? '' : relative(top, from)
  const folder = join(session.worktreePath, inside)
  return inside.startsWith('..') || !existsSync(folder) ? session.worktreePath : folder
}

async function launch(
  io: Io,
  args: StartArgs,
  agent: Agent,
): Promise<{ held: HeldAgent; session: StartedSession }> {
  return withCoordinator(io, async (coordinator) => {
    const session = await coordinator.startSession(startInput(io, args))
    let held: HeldAgent | undefined
    try {
      held = await launchHeld({
        command: agent.command,
        args: [...agent.args, ...args.agentArgs],
        cwd: startFolder(directoryOf(io, args), session),
        env: {
          ...io.env,
          PARALLEL_CC_SESSION_ID: session.sessionId,
          PARALLEL_CC_LAUNCHER_PID: String(io.pid),
        },
      })
      await coordinator.attachAgent({ sessionId: session.sessionId, pid: held.pid })
      return { held, session }
    } catch (error) {
      held?.cancel()
      const directory = directoryOf(io, args)
      try {
        await coordinator.endSession({
          session: session.sessionId,
          directory,
          pid: io.pid,
          reason: 'start-failed',
        })
      } catch {
        // why the start failed is what counts; its reservation is void once this process ends
      }
      throw error
    }
  })
}

async function end(io: Io, args: StartArgs, session: StartedSession): Promise<void> {
  const result = await withCoordinator(io, (coordinator) =>
    coordinator.endSession({
      session: session.sessionId,
      directory: directoryOf(io, args),
      pid: io.pid,
      reason: 'exited',
    }),
  )
  if (result.outcome === 'already-ended' || session.isMainRepo || result.tree.action === 'removed') return
  const { renderDecision, returnCommand } = await import('../render/trees.js')
  for (const line of renderDecision(result.tree)) narrate(io, `parallel-cc: ${line}`)
  narrate(io, `parallel-cc: return to it with: ${returnCommand(result.tree.path)}`)
}

function keepHeartbeat(io: Io, session: StartedSession): NodeJS.Timeout {
  const beat = (): void => {
    const input = { session: session.sessionId, directory: session.worktreePath, pid: io.pid }
    // a missed beat is no reason to disturb the agent: on this host its process is what counts
    withCoordinator(io, (coordinator) => coordinator.heartbeat(input)).catch(() => undefined)
  }
  return setInterval(beat, HEARTBEAT_MS).unref()
}

/** Registers a session and launches the agent in its tree; waits for it and ends the session. */
export const start: Handler<StartArgs> = async (io, args) => {
  if (!args.launch) {
    if (args.agentArgs.length > 0) {
      throw new UsageError('--no-launch takes no arguments for an agent', 'Leave out what stands after --.')
    }
    return registerOnly(io, args)
  }
  if (args.pid !== undefined)
    throw new UsageError('--pid needs --no-launch', 'Add --no-launch, or leave --pid out.')
  const rooms = await import('@pcc/coordinator')
  const commandLine = args.agent ?? rooms.loadConfig(rooms.placeOf(io.env).configFile).values.agent
  const agent = await findAgent(commandLine, io.env['PATH'])
  const { held, session } = await launch(io, args, agent)
  const timer = keepHeartbeat(io, session)
  if (!session.isMainRepo) narrate(io, `parallel-cc: ${describe(session)}`)
  const isElsewhere = locateRepo(directoryOf(io, args))?.topLevel !== session.worktreePath
  if (isElsewhere && args.otherTreeNote !== undefined) narrate(io, `parallel-cc: ${args.otherTreeNote}`)
  held.release()
  const code = await held.exit
  clearInterval(timer)
  try {
    await end(io, args, session)
  } catch (error) {
    // the agent is done and its code is the answer; the session counts as dead, and cleanup ends it
    report(io, error)
  }
  return code
}
