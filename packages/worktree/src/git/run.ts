import { type ChildProcess, spawn } from 'node:child_process'
import { WorktreeError } from '../errors.js'

/** The names that `git rev-parse --local-env-vars` lists (git 2.39), plus those later versions added. */
const LOCAL_ENV_VARS: ReadonlySet<string> = new Set([
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_CONFIG',
  'GIT_CONFIG_PARAMETERS',
  'GIT_CONFIG_COUNT',
  'GIT_OBJECT_DIRECTORY',
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_GRAFT_FILE',
  'GIT_INDEX_FILE',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_REPLACE_REF_BASE',
  'GIT_PREFIX',
  'GIT_SHALLOW_FILE',
  'GIT_COMMON_DIR',
  'GIT_INTERNAL_SUPER_PREFIX',
])

export interface GitOptions {
  /** Where git runs. */
  cwd: string
  /** Added to the scrubbed environment: for a temporary index, an identity, dates. */
  env?: Readonly<Record<string, string>>
  input?: string | Buffer
  /** Exit codes that are an answer, not a failure. @default [0] */
  okCodes?: readonly number[]
  /** @default 120000 */
  timeoutMs?: number
  signal?: AbortSignal
  /** A read takes no optional locks, so it never gets in the way of a commit. @default true */
  readOnly?: boolean
  /**
   * A hook may leave a program behind that holds on to our pipes. Wait so long for it after git has ended, then go on. Only for
   * commands whose output is not the answer. Without it, the wait lasts as long as `timeoutMs` allows.
   */
  lingerMs?: number
  /** The one other program that this room starts: `gtr` as its version 1 was called. @default 'git' */
  program?: 'git' | 'gtr'
}

export interface GitResult {
  code: number
  stdout: Buffer
  stderr: string
}

/** The environment that our git sees: the caller's, without what would point git at another repository. */
export function gitEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (!LOCAL_ENV_VARS.has(name)) env[name] = value
  }
  return { ...env, LC_ALL: 'C', LANGUAGE: 'C', GIT_TERMINAL_PROMPT: '0', ...extra }
}

function collect(child: ChildProcess): { stdout: Buffer[]; stderr: Buffer[] } {
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
  return { stdout, stderr }
}

/** Closes our ends of the pipes some time after the program has ended, which makes it count as closed. */
function letGo(child: ChildProcess, afterMs: number): void {
  let timer: NodeJS.Timeout | undefined
  child.on('exit', () => {
    timer = setTimeout(() => {
      child.stdout?.destroy()
      child.stderr?.destroy()
    }, afterMs)
  })
  child.on('close', () => clearTimeout(timer))
}

function startFailure(error: NodeJS.ErrnoException, cwd: string): WorktreeError {
  if (error.code === 'ENOENT' || error.code === 'EACCES' || error.code === 'ENOTDIR') {
    return new WorktreeError('WORKTREE_GIT_MISSING', `git could not be started in ${cwd}: ${error.code}`, {
      hint: 'Install git 2.38 or newer, and check that the directory still exists.',
      cause: error,
      data: { cwd },
    })
  }
  return new WorktreeError('WORKTREE_GIT_FAILED', `git could not be started in ${cwd}: ${error.message}`, {
    cause: error,
    data: { cwd },
  })
}

/**
 * Runs git once, with an argument array and never through a shell. This is the room's one door to processes.
 *
 * @throws WorktreeError `WORKTREE_GIT_MISSING` when git cannot be started, `WORKTREE_GIT_TIMEOUT` after `timeoutMs`,
 * `WORKTREE_GIT_FAILED` on an exit code that is not in `okCodes` (data: `args`, `code`, `stderr`).
 */
export function git(args: readonly string[], options: GitOptions): Promise<GitResult> {
  const readOnly = options.readOnly ?? true
  const program = options.program ?? 'git'
  const all = readOnly && program === 'git' ? ['--no-optional-locks', ...args] : [...args]
  const okCodes = options.okCodes ?? [0]
  const timeoutMs = options.timeoutMs ?? 120_000
  return new Promise((resolve, reject) => {
    const child = spawn(program, all, {
      cwd: options.cwd,
      env: gitEnvironment(options.env),
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      signal: options.signal,
    })
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      child.kill('SIGKILL')
    }, timeoutMs)
    const out = collect(child)
    if (options.lingerMs !== undefined) letGo(child, options.lingerMs)
    child.on('error', (error) => {
      clearTimeout(timer)
      reject(startFailure(error, options.cwd))
    })
    child.on('close', (exit, killedBy) => {
      clearTimeout(timer)
      const stderr = Buffer.concat(out.stderr).toString('utf8')
      const code = exit ?? 128
      if (timedOut) {
        const message = `git ${args[0] ?? ''} took longer than ${timeoutMs} ms in ${options.cwd}`
        reject(new WorktreeError('WORKTREE_GIT_TIMEOUT', message, { data: { args: [...args], stderr } }))
      } else if (killedBy === null && okCodes.includes(code)) {
        resolve({ code, stdout: Buffer.concat(out.stdout), stderr })
      } else {
        reject(gitFailure(args, { code, stderr, killedBy, cwd: options.cwd }))
      }
    })
    if (options.input !== undefined) {
      // git may end before it has read everything; its exit code then says why
      child.stdin?.on('error', () => undefined)
      child.stdin?.end(options.input)
    }
  })
}

interface Failure {
  code: number
  stderr: string
  killedBy: NodeJS.Signals | null
  cwd: string
}

function gitFailure(args: readonly string[], failure: Failure): WorktreeError {
  const lines = failure.stderr.split('\n').filter((line) => line.trim() !== '')
  const last = lines.find((line) => /^(fatal|error):/.test(line)) ?? lines.at(-1) ?? 'no message'
  const how = failure.killedBy === null ? `exit ${failure.code}` : `killed by ${failure.killedBy}`
  return new WorktreeError('WORKTREE_GIT_FAILED', `git ${args[0] ?? ''} failed (${how}): ${last.trim()}`, {
    data: { args: [...args], code: failure.code, stderr: failure.stderr, cwd: failure.cwd },
  })
}

/** Runs git and returns its output as text without the final newline. */
export async function gitText(args: readonly string[], options: GitOptions): Promise<string> {
  const { stdout } = await git(args, options)
  return stdout.toString('utf8').replace(/\n$/, '')
}

/**
 * Resolves a ref or expression to a full object id.
 *
 * @throws WorktreeError `WORKTREE_BAD_REF` when it names nothing, or begins with `-`.
 */
export async function resolveObject(cwd: string, expression: string, type = 'commit'): Promise<string> {
  const bad = (cause?: unknown): WorktreeError =>
    new WorktreeError('WORKTREE_BAD_REF', `'${expression}' is not a ${type} in this repository`, {
      hint: 'Name a branch, a tag or a commit id; `git branch -a` lists the branches.',
      data: { ref: expression },
      cause,
    })
  if (expression === '' || expression.startsWith('-') || /[\0\n]/.test(expression)) throw bad()
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${expression}^{${type}}`]
  const { code, stdout } = await git(args, { cwd, okCodes: [0, 1, 128] })
  const id = stdout.toString('utf8').trim()
  if (code !== 0 || !/^[0-9a-f]{40,64}$/.test(id)) throw bad()
  return id
}
