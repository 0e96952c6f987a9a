import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's root folder. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** The root package.json: the one place that names the versions of pnpm and of the Claude Code client. */
export const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** A step that did not succeed; the script ends with `exitCode`. */
export class StepError extends Error {
  constructor(message, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** How npm is started without a shell: on Windows `npm` is a batch file, so there its program is given to node. */
function npmCommand() {
  if (process.platform !== 'win32') return ['npm']
  const program = [
    process.env.npm_execpath,
    join(dirname(process.execPath), 'node_modules/npm/bin/npm-cli.js'),
  ].find((path) => path?.endsWith('npm-cli.js') && existsSync(path))
  if (!program) throw new StepError('npm was not found beside node', 6)
  return [process.execPath, program]
}

/**
 * Runs a program in the project's root and waits for it.
 * @param {string[]} argv
 * @param {{env?: Record<string, string>, quiet?: boolean, network?: boolean, cwd?: string, explain?: boolean}} options `quiet`
 *   sends its stdout to our stderr; without `network` the child starts faster, since Node 20 parses NODE_EXTRA_CA_CERTS at
 *   every start; without `explain` a failure adds no line to what the program said itself.
 * @throws {StepError} with the exit code of the program
 */
export async function run(argv, options = {}) {
  const { env = {}, quiet = false, network = false, cwd = root, explain = true } = options
  const childEnv = { ...process.env, ...env }
  if (!network) delete childEnv.NODE_EXTRA_CA_CERTS
  const child = spawn(argv[0], argv.slice(1), {
    cwd,
    env: childEnv,
    stdio: ['ignore', quiet ? process.stderr : 'inherit', 'inherit'],
  })
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new StepError(`${argv[0]} could not be started: ${cause.message}`, 6)),
    )
    child.once('close', (...ended) => resolve(ended))
  })
  if (signal) throw new StepError(`${argv[0]} was ended by ${signal}`, 1)
  if (code !== 0)
    throw new StepError(explain ? `${commandName(argv)} ended with exit code ${code}` : '', code)
}

/** A command as a person would write it, without the path of node. */
function commandName(argv) {
  const words = argv.filter((word) => word !== process.execPath).slice(0, 8)
  return words.map((word) => (isAbsolute(word) ? relative(root, word) : word)).join(' ')
}

/** argv for npm itself. */
export function npm(...args) {
  return [...npmCommand(), ...args]
}

/**
 * argv for the pinned pnpm. It is started by npm, not from the search path: npm hands its own settings on, among them `nodedir`,
 * which the native build needs on machines that cannot download Node's headers.
 */
export function pnpm(...args) {
  return npm('exec', '--yes', '--', manifest.packageManager, ...args)
}

/** argv for a program of one of the root's development dependencies. */
export function tool(packageName, program, ...args) {
  const folder = join(root, 'node_modules', packageName)
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return [process.execPath, join(folder, typeof bin === 'string' ? bin : bin[program]), ...args]
}

/** Runs one step, with its name before and its time after it on stderr. */
export async function step(name, action) {
  process.stderr.write(`\n==> ${name}\n`)
  const started = performance.now()
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`
  try {
    await action()
  } catch (error) {
    process.stderr.write(`==> ${name} FAILED after ${seconds()}\n`)
    throw error
  }
  process.stderr.write(`==> ${name}: ${seconds()}\n`)
}

/** Ends the process with what the script came to: 0, or the exit code of the step that failed. */
export async function main(script) {
  try {
    await script()
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    if (error.message) process.stderr.write(`${error.message}\n`)
    process.exitCode = error.exitCode
  }
}

const stampFile = join(root, 'node_modules', '.parallel-cc-installed')

/** What an installation depends on: the lockfiles (ours, and pnpm's copy of what it installed) and the binary interface of Node. */
function installationStamp() {
  const hash = createHash('sha256').update(process.versions.modules)
  for (const file of [
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    'package.json',
    'node_modules/.pnpm/lock.yaml',
  ]) {
    const path = join(root, file)
    hash.update(existsSync(path) ? readFileSync(path) : 'absent')
  }
  return hash.digest('hex')
}

/** Installs the dependencies unless node_modules is in step with the lockfile and this version of Node. */
export async function ensureInstalled({ quiet = false } = {}) {
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === installationStamp()) return
  try {
    await run(pnpm('install', '--frozen-lockfile'), { env: { CI: 'true' }, network: true, quiet })
  } catch (cause) {
    const hint =
      'where the SQLite driver has no prebuilt program it is compiled: python3, make and a C++ compiler are needed'
    throw new StepError(`${cause.message}\n${hint}`, cause.exitCode)
  }
  writeFileSync(stampFile, installationStamp())
}

/**
 * Runs a script of package.json that starts turbo, which comes with pnpm on its search path; what has not changed comes from
 * turbo's cache.
 */
export async function turbo(script, { quiet = false } = {}) {
  const env = { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' }
  await run(pnpm('run', script, '--output-logs=errors-only'), { env, network: true, quiet })
}
