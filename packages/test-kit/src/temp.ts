import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { onTestFinished } from 'vitest'

/** A hook that goes on by itself may still write its last lines here when its test has seen all that it asked for. */
async function removeFolder(dir: string): Promise<void> {
  for (let left = 100; ; left -= 1) {
    try {
      rmSync(dir, { recursive: true, force: true })
      return
    } catch (error) {
      if (left === 0 || (error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error
      await wait(50)
    }
  }
}

/** A fresh directory (real path), removed when the running test ends. */
export function tempDir(label = 'pcc'): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), `${label}-`)))
  onTestFinished(() => removeFolder(dir))
  return dir
}

/**
 * An environment in which git and our programs depend on nothing of the machine's: no global or system config, fixed identity and
 * dates, no inherited `GIT_*`, `CLAUDE*` or `PARALLEL_CC_*`, no network protocols, a home of its own.
 */
export function hermeticEnv(home: string, extra: Record<string, string> = {}): Record<string, string> {
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (value === undefined) continue
    if (/^(GIT_|CLAUDE|ANTHROPIC_|PARALLEL_CC_|XDG_|NODE_EXTRA_CA_CERTS|NODE_V8_COVERAGE|VITEST)/.test(name))
      continue
    env[name] = value
  }
  return {
    ...env,
    HOME: home,
    GIT_CONFIG_GLOBAL: join(home, 'no-such-gitconfig'),
    GIT_CONFIG_SYSTEM: join(home, 'no-such-gitconfig'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Ann Author',
    GIT_AUTHOR_EMAIL: 'ann@example.com',
    GIT_COMMITTER_NAME: 'Carl Committer',
    GIT_COMMITTER_EMAIL: 'carl@example.com',
    GIT_AUTHOR_DATE: '2026-01-02T03:04:05Z',
    GIT_COMMITTER_DATE: '2026-01-02T03:04:05Z',
    GIT_ALLOW_PROTOCOL: 'file',
    LC_ALL: 'C',
    ...extra,
  }
}

export type Files = Record<string, string | Buffer>

/** Writes files below `root`, making folders as needed. */
export function writeFiles(root: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    const target = join(root, path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, content)
  }
}

export interface TempRepo {
  /** Real path of the main working tree. */
  root: string
  /** The home directory that `env` names; outside the repository. */
  home: string
  /** The folder that holds `root`, `home` and whatever is put beside the repository. */
  base: string
  env: Record<string, string>
  /** Runs git in `root` and returns stdout without the final newline. */
  git(...args: string[]): string
  /** Runs git in another directory. */
  gitIn(cwd: string, ...args: string[]): string
  /** Writes files in `cwd` (default `root`), stages everything there and commits; returns the commit id. */
  commit(message: string, files?: Files, cwd?: string): string
}

export interface TempRepoOptions {
  /** Committed first. @default {'README.md': 'hello\n'} */
  files?: Files
  /** False leaves the repository without a commit. @default true */
  commit?: boolean
  /** Name of the folder. @default 'repo' */
  name?: string
}

/** Sets variables of this process for the running test, since code under test reads `process.env`; put back at its end. */
export function setProcessEnv(env: Record<string, string>): void {
  const before = { ...process.env }
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name]
  Object.assign(process.env, env)
  onTestFinished(() => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
    Object.assign(process.env, before)
  })
}

/** A real git repository in a temporary folder, independent of the machine's git configuration. */
export function tempRepo(options: TempRepoOptions = {}): TempRepo {
  const base = tempDir('pcc-repo')
  const home = join(base, 'home')
  const root = join(base, options.name ?? 'repo')
  mkdirSync(home)
  mkdirSync(root, { recursive: true })
  const env = hermeticEnv(home)
  const gitIn = (cwd: string, ...args: string[]): string =>
    execFileSync('git', args, {
      cwd,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 28,
    }).replace(/\n$/, '')
  const repo: TempRepo = {
    root,
    home,
    base,
    env,
    git: (...args) => gitIn(root, ...args),
    gitIn,
    commit(message, files = {}, cwd = root) {
      writeFiles(cwd, files)
      gitIn(cwd, 'add', '-A')
      gitIn(cwd, 'commit', '-q', '--allow-empty', '-m', message)
      return gitIn(cwd, 'rev-parse', 'HEAD')
    },
  }
  repo.git('init', '-q', '-b', 'main')
  for (const [key, value] of [
    ['gc.auto', '0'],
    ['maintenance.auto', 'false'],
  ] as const) {
    repo.git('config', key, value)
  }
  if (options.commit !== false) repo.commit('first', options.files ?? { 'README.md': 'hello\n' })
  return repo
}
