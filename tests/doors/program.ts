import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type TempRepo, type TempRepoOptions, tempRepo } from '@pcc/test-kit'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** The built program. */
export function builtProgram(app: 'cli' | 'hooks'): string {
  const path = join(root, 'apps', app, 'dist/bin.cjs')
  if (!existsSync(path)) throw new Error(`${path} is not there: npm run build`)
  return path
}

export interface Ran {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  json<T>(): T
}

export interface Running {
  child: ChildProcess
  pid: number
  stdout(): string
  /** Settles when the process has ended and nobody holds its output any more. */
  done: Promise<Ran>
  /** Settles when the process itself has ended. */
  exited: Promise<void>
}

export interface RunOptions {
  cwd?: string
  env?: Record<string, string>
  input?: string
  /** The name under which the program is called. @default 'parallel-cc' */
  as?: string
  /** Programs in front of it, such as `setpriv`, with their arguments. */
  through?: readonly string[]
}

export interface Installed {
  repo: TempRepo
  env: Record<string, string>
  /** Folder with the program under its two names, at the front of the search path. */
  bin: string
  /** Starts the built program as a process. */
  begin(args: readonly string[], options?: RunOptions): Running
  run(args: readonly string[], options?: RunOptions): Promise<Ran>
  /** Puts an executable Node script on the search path. */
  agent(name: string, source: string): void
}

function follow(child: ChildProcess): Running {
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  const text = (): string => Buffer.concat(out).toString('utf8')
  const done = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      const stdout = text()
      resolve({
        code,
        signal,
        stdout,
        stderr: Buffer.concat(err).toString('utf8'),
        json: <T>() => JSON.parse(stdout) as T,
      })
    })
  })
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  return { child, pid: child.pid as number, stdout: text, done, exited }
}

/** A repository, and the built program installed beside it under both of its names. */
export function installed(options: TempRepoOptions = {}): Installed {
  const repo = tempRepo(options)
  const bin = join(repo.base, 'bin')
  mkdirSync(bin)
  for (const name of ['parallel-cc', 'claude-parallel']) symlinkSync(builtProgram('cli'), join(bin, name))
  symlinkSync(builtProgram('hooks'), join(bin, 'parallel-cc-hook'))
  const env = {
    ...repo.env,
    PARALLEL_CC_HOME: join(repo.home, '.parallel-cc'),
    PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin`,
  }
  const begin: Installed['begin'] = (args, given = {}) => {
    const [command, ...rest] = [...(given.through ?? []), join(bin, given.as ?? 'parallel-cc'), ...args]
    const child = spawn(command as string, rest, {
      cwd: given.cwd ?? repo.root,
      env: { ...env, ...given.env },
      stdio: 'pipe',
    })
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(given.input ?? '')
    return follow(child)
  }
  return {
    repo,
    env,
    bin,
    begin,
    run: (args, given) => begin(args, given).done,
    agent(name, source) {
      writeFileSync(join(bin, name), `#!/usr/bin/env node\n${source}\n`, { mode: 0o755 })
    },
  }
}

export interface StatusDocument {
  totalSessions: number
  sessions: {
    sessionId: string
    name: string | null
    pid: number
    isAlive: boolean
    status: string
    worktreePath: string
    worktreeName: string | null
    branch: string | null
    isMainRepo: boolean
  }[]
}

/** The sessions as the program tells them. */
export async function statusOf(it: Installed): Promise<StatusDocument> {
  return (await it.run(['status', '--json'])).json<StatusDocument>()
}
