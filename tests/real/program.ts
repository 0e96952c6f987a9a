import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  answerFirstStart,
  bypassPermissions,
  claudePath,
  clientEnv,
  eventually,
  openTerminal,
  type RunningClient,
  type ScriptedApi,
  sleeper,
  spawnClaude,
  startScriptedApi,
  type TempRepoOptions,
  type Terminal,
  writeSettings,
} from '@pcc/test-kit'
import { type Installed, installed, type StatusDocument, statusOf } from '../doors/program.js'

const store = join(dirname(fileURLToPath(import.meta.url)), '../../packages/store/package.json')

/** How the client is told to call our hooks: as a program with arguments, as a line for a shell, or not at all. */
export type HookForm = 'exec' | 'shell' | 'none'

export interface RealOptions extends TempRepoOptions {
  /** @default 'exec' */
  hooks?: HookForm
}

interface Launch {
  prompt?: string
  args?: readonly string[]
  /** @default the repository's main checkout */
  cwd?: string
  env?: Record<string, string>
}

/** The built program, the real client and a scripted API, in a repository and a home of their own. */
export interface RealProgram extends Installed {
  api: ScriptedApi
  /** Starts the client through `claude-parallel`. */
  parallel(launch: Launch): RunningClient
  /** Starts `parallel-cc` with the client's environment. */
  parallelCc(args: readonly string[]): RunningClient
  /** Starts a program with the client's environment. */
  program(command: string, args?: readonly string[]): RunningClient
  /** Starts the client itself. */
  direct(launch: Launch): RunningClient
  /** Runs a program (`claude`, `claude-parallel`, `sh`) in a terminal. */
  terminal(command: string, launch?: Launch): Promise<Terminal>
  /** The process ids and ids of the sessions as `status` tells them. */
  sessions(): Promise<StatusDocument['sessions']>
  /** Every session that was ever there, as the database has it. */
  rows(): SessionRow[]
}

/** What the tests look at of a session's row. */
interface SessionRow {
  id: string
  pid: number
  agentSessionId: string | null
  origin: string
  endReason: string | null
  worktreePath: string
}

interface Database {
  prepare(sql: string): { all(): unknown[] }
  exec(sql: string): void
  close(): void
}

function databaseFile(it: Installed): string {
  return join(it.env['PARALLEL_CC_HOME'] as string, 'coordinator.db')
}

/** The database of the program, opened beside it. */
export function openDatabase(it: Installed): Database {
  const Sqlite = createRequire(store)('better-sqlite3') as new (file: string) => Database
  return new Sqlite(databaseFile(it))
}

function sessionRows(it: Installed): SessionRow[] {
  if (!existsSync(databaseFile(it))) return []
  const database = openDatabase(it)
  try {
    const select = `select id, pid, agent_session_id as agentSessionId, origin, end_reason as endReason,
      worktree_path as worktreePath from sessions order by started_at, id`
    return database.prepare(select).all() as SessionRow[]
  } finally {
    database.close()
  }
}

function hookSettings(bin: string, form: HookForm): Record<string, unknown> {
  if (form === 'none') return {}
  const program = join(bin, 'parallel-cc-hook')
  const handler = (event: string): object =>
    form === 'exec'
      ? { type: 'command', command: program, args: [event] }
      : { type: 'command', command: `'${program}' ${event}` }
  const entry = (event: string) => ({ [event]: [{ hooks: [handler(event)] }] })
  return { hooks: { ...entry('SessionStart'), ...entry('SessionEnd') } }
}

/** Installs the built program beside a new repository, with our hooks in the settings of its home. */
export async function realProgram(options: RealOptions = {}): Promise<RealProgram> {
  const it = installed(options)
  const { repo, bin } = it
  const api = await startScriptedApi()
  writeSettings(repo.home, hookSettings(bin, options.hooks ?? 'exec'))
  answerFirstStart(repo.home, [repo.root])
  const { PARALLEL_CC_HOME = '', PATH = '' } = it.env
  const extra = { PARALLEL_CC_HOME, PATH: `${bin}:${dirname(claudePath())}:${PATH}` }
  const start = (command: string, launch: Launch): RunningClient =>
    spawnClaude({
      cwd: launch.cwd ?? repo.root,
      home: repo.home,
      api,
      ...(launch.prompt === undefined ? {} : { prompt: launch.prompt }),
      ...(launch.args === undefined ? {} : { args: launch.args }),
      env: { ...extra, ...launch.env },
      via: { command },
    })
  return {
    ...it,
    api,
    parallel: (launch) => start(join(bin, 'claude-parallel'), launch),
    parallelCc: (args) => start(join(bin, 'parallel-cc'), { args }),
    program: (command, args = []) => start(command, { args }),
    direct: (launch) => start(claudePath(), launch),
    terminal: (command, launch = {}) =>
      openTerminal({
        command,
        args: launch.args ?? bypassPermissions,
        env: clientEnv({ home: repo.home, apiUrl: api.url, extra: { ...extra, ...launch.env } }),
        cwd: launch.cwd ?? repo.root,
      }),
    sessions: async () => (await statusOf(it)).sessions,
    rows: () => sessionRows(it),
  }
}

/** Gives the main checkout to a session that only sleeps, so that the next one gets a tree of its own. */
export async function occupyCheckout(it: Installed): Promise<void> {
  const { pid } = await sleeper()
  const ran = await it.run(['start', '--no-launch', '--pid', String(pid), '--name', 'first'])
  if (ran.code !== 0) throw new Error(`the checkout could not be occupied: ${ran.stderr}`)
}

/** Waits until no session is left but those named. */
export async function onlyLeft(it: RealProgram, names: readonly (string | null)[]): Promise<void> {
  await eventually(`only ${JSON.stringify(names)} are left`, async () => {
    const left = (await it.sessions()).map((session) => session.name)
    return JSON.stringify(left) === JSON.stringify(names)
  })
}
