import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hermeticEnv } from '../temp.js'

const PROJECT = fileURLToPath(new URL('../../../../', import.meta.url))
const FAKE_KEY = 'sk-ant-api03-not-a-real-key-for-the-scripted-api'
const INHERITED = ['PATH', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TERM', 'TZ']

/**
 * The path of the real client's executable, in the version that the root package.json names.
 * @throws an error that names the command to fetch it, when it is not there
 */
export function claudePath(): string {
  const { claudeClient } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
    claudeClient: string
  }
  const cache = process.env.PCC_CLIENT_CACHE ?? join(PROJECT, '.cache', 'claude')
  const path = join(cache, claudeClient, process.platform === 'win32' ? 'claude.exe' : 'claude')
  if (!existsSync(path)) throw new Error(`no Claude Code client at ${path}; fetch it with: npm run client`)
  return path
}

/** Arguments that let an interactive client work without asking for permissions, or whether not asking is meant. */
export const bypassPermissions: readonly string[] = [
  '--dangerously-skip-permissions',
  '--settings',
  JSON.stringify({ skipDangerousModePermissionPrompt: true }),
]

export interface ClientEnvOptions {
  /** The client's home directory; its temporary files go below it as well. */
  home: string
  /** The scripted API's `url`. */
  apiUrl: string
  extra?: Record<string, string>
}

/**
 * An environment in which the client depends on nothing of the machine's and talks to nobody but the scripted API: a home and a
 * folder for temporary files of its own (made here), a key that is none, no updates, no telemetry, no inherited settings. `claude`
 * on its search path is the client under test.
 */
export function clientEnv({ home, apiUrl, extra = {} }: ClientEnvOptions): Record<string, string> {
  const base = Object.entries(hermeticEnv(home)).filter(
    ([name]) => INHERITED.includes(name) || /^(GIT_|LC_ALL$|HOME$)/.test(name),
  )
  const tmp = join(home, 'tmp')
  mkdirSync(tmp, { recursive: true })
  return {
    ...Object.fromEntries(base),
    PATH: `${dirname(claudePath())}${delimiter}${process.env.PATH ?? ''}`,
    TMPDIR: tmp,
    ANTHROPIC_BASE_URL: apiUrl,
    ANTHROPIC_API_KEY: FAKE_KEY,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_MAX_RETRIES: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_UPDATES: '1',
    IS_SANDBOX: '1',
    ...extra,
  }
}

/** Writes `.claude/settings.json` below a home or a project. */
export function writeSettings(folder: string, settings: Record<string, unknown>): void {
  mkdirSync(join(folder, '.claude'), { recursive: true })
  writeFileSync(join(folder, '.claude', 'settings.json'), `${JSON.stringify(settings, null, 2)}\n`)
}

/** Answers the questions of an interactive first start beforehand: onboarding, the API key, trust in each of the `projects`. */
export function answerFirstStart(home: string, projects: readonly string[]): void {
  const trusted = projects.map((project) => [project, { hasTrustDialogAccepted: true }])
  const state = {
    hasCompletedOnboarding: true,
    theme: 'dark',
    customApiKeyResponses: { approved: [FAKE_KEY.slice(-20)], rejected: [] },
    projects: Object.fromEntries(trusted),
  }
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, '.claude.json'), JSON.stringify(state))
}

/** Process ids of the clients that run with this home, as they register themselves; a killed client's entry stays. */
export function registeredClients(home: string): number[] {
  const folder = join(home, '.claude', 'sessions')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => /^\d+\.json$/.test(name))
    .map((name) => Number.parseInt(name, 10))
}
