import { retryOnContention } from '../git/contention.js'
import { type GitResult, git } from '../git/run.js'

/**
 * For everything that judging and removing asks of git: no hook and no watcher runs, nothing hides a change, and what a ref needs
 * is on the disk before the ref.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.fsync': 'objects,reference',
  'core.splitIndex': 'false',
  'core.fsmonitor': 'false',
  'core.untrackedCache': 'false',
}

/** By environment, so that an error message names the command and not an option before it. */
function settingsEnv(more: Readonly<Record<string, string>>): Record<string, string> {
  const settings = Object.entries({ ...SETTINGS, ...more })
  return Object.fromEntries([
    ['GIT_CONFIG_COUNT', String(settings.length)],
    ...settings.flatMap(([key, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ])
}

export interface PlumbingOptions {
  gitDir: string
  /** Where the command runs; without it in the git directory. */
  workTree?: string
  /** Settings for this call. */
  config?: Readonly<Record<string, string>>
  input?: string | Buffer
  env?: Record<string, string>
  okCodes?: readonly number[]
  readOnly?: boolean
}

/**
 * Runs git plumbing on a git directory that is named, never found; replacement refs are not followed. A write waits for another
 * git that holds a lock.
 */
export function plumb(args: readonly string[], options: PlumbingOptions): Promise<GitResult> {
  const { gitDir, workTree } = options
  const readOnly = options.readOnly ?? false
  const place = { GIT_DIR: gitDir, ...(workTree === undefined ? {} : { GIT_WORK_TREE: workTree }) }
  const run = (): Promise<GitResult> =>
    git(args, {
      cwd: workTree ?? gitDir,
      env: { GIT_NO_REPLACE_OBJECTS: '1', ...settingsEnv(options.config ?? {}), ...place, ...options.env },
      readOnly,
      ...(options.input === undefined ? {} : { input: options.input }),
      ...(options.okCodes === undefined ? {} : { okCodes: options.okCodes }),
    })
  return readOnly ? run() : retryOnContention(run)
}

/** As `plumb`, for an answer of one line. */
export async function plumbText(args: readonly string[], options: PlumbingOptions): Promise<string> {
  return (await plumb(args, options)).stdout.toString('utf8').replace(/\n$/, '')
}

/** As `plumb`, for lines that cannot hold a newline: ids and ref names. */
export async function plumbLines(args: readonly string[], options: PlumbingOptions): Promise<string[]> {
  const text = await plumbText(args, options)
  return text === '' ? [] : text.split('\n')
}

/** Revisions for `--stdin`: these, and what they reach, without what the others reach. */
export function revisionInput(ids: readonly string[], without: readonly string[]): string {
  return [...ids, ...without.map((id) => `^${id}`)].map((line) => `${line}\n`).join('')
}
