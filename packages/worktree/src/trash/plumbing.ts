import { type GitResult, git } from '../git/run.js'

/** Settings for everything written on behalf of a removal: no hook runs, and what refs need is on the disk before the ref. */
const SETTINGS = [
  '-c',
  'core.hooksPath=/dev/null',
  '-c',
  'core.fsync=objects,reference',
  '-c',
  'core.splitIndex=false',
  '-c',
  'core.fsmonitor=false',
]

export interface PlumbingOptions {
  gitDir: string
  input?: string | Buffer
  env?: Record<string, string>
  okCodes?: readonly number[]
  readOnly?: boolean
}

/** Runs git plumbing on a git directory that is named, never found; replacement refs are not followed. */
export function plumb(args: readonly string[], options: PlumbingOptions): Promise<GitResult> {
  return git(['--no-replace-objects', ...SETTINGS, ...args], {
    cwd: options.gitDir,
    env: { GIT_DIR: options.gitDir, ...options.env },
    readOnly: options.readOnly ?? false,
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.okCodes === undefined ? {} : { okCodes: options.okCodes }),
  })
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
