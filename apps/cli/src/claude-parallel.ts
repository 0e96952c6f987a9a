import { locateRepo } from '@pcc/coordinator/hot'
import { findAgent } from './agent.js'
import { start } from './commands/start.js'
import type { Io } from './io.js'
import { runThrough } from './launch.js'

/** Subcommands of the client (2.1.331, `claude --help`) that start no session in this process. */
const SUBCOMMANDS: ReadonlySet<string> = new Set([
  'agents',
  'attach',
  'auth',
  'auto-mode',
  'config',
  'doctor',
  'gateway',
  'import',
  'install',
  'kill',
  'logs',
  'mcp',
  'plugin',
  'plugins',
  'purge',
  'respawn',
  'rm',
  'setup-token',
  'stop',
  'ultrareview',
  'update',
  'upgrade',
])

/** Flags of the client with which it starts no session here: it only answers, or the session runs elsewhere. */
const FLAGS: ReadonlySet<string> = new Set([
  '--version',
  '-v',
  '--help',
  '-h',
  '--bg',
  '--background',
  '--cloud',
  '--environment',
  '--desktop',
  '--teleport',
])

/** What stands before `--`, where flags end. */
function flagsOf(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--')
  return end === -1 ? args : args.slice(0, end)
}

/** True when these arguments make the client do something that is no session of this process. */
export function startsNoSession(args: readonly string[]): boolean {
  if (SUBCOMMANDS.has(args[0] ?? '')) return true
  return flagsOf(args).some((arg) => FLAGS.has(arg) || FLAGS.has(arg.split('=', 1)[0] ?? ''))
}

/** The name that the client's own flag gives the session: it becomes ours as well, and stays among the arguments. */
export function nameAmong(args: readonly string[]): string | undefined {
  const flags = flagsOf(args)
  for (const [index, arg] of flags.entries()) {
    if (arg === '--name' || arg === '-n') return flags[index + 1]
    if (arg.startsWith('--name=')) return arg.slice('--name='.length)
  }
  return undefined
}

/** True when the client makes a tree for itself: another one of ours would only stand beside it. */
function makesOwnTree(args: readonly string[]): boolean {
  return flagsOf(args).some(
    (arg) => arg.startsWith('-w') || arg === '--worktree' || arg.startsWith('--worktree='),
  )
}

/** The client looks for the last conversation of the folder that it stands in, and quietly begins a new one where there is none. */
function continueNote(args: readonly string[]): string | undefined {
  if (!flagsOf(args).some((arg) => arg === '--continue' || arg === '-c')) return undefined
  return '--continue sees only conversations of that tree; --resume ID takes up one of any tree of this repository'
}

/** `claude-parallel ARGS…`: the agent with these arguments as a session; outside a repository, or where it is none, as it is. */
export async function claudeParallel(io: Io, args: readonly string[]): Promise<number> {
  if (startsNoSession(args) || locateRepo(io.cwd) === null) {
    const rooms = await import('@pcc/coordinator')
    const { agent } = rooms.loadConfig(rooms.placeOf(io.env).configFile).values
    const { command, args: own } = await findAgent(agent, io.env['PATH'])
    return runThrough({ command, args: [...own, ...args], cwd: io.cwd, env: io.env })
  }
  return start(io, {
    json: false,
    isolation: makesOwnTree(args) ? 'never' : 'auto',
    launch: true,
    name: nameAmong(args),
    agentArgs: args,
    otherTreeNote: continueNote(args),
  })
}
