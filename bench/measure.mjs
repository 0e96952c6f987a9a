// What all benchmarks share: how a process is measured, how commands are compared, how figures are shown.
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** The built programs, started as they are installed: by their first line. */
export const programs = {
  cli: join(root, 'apps/cli/dist/bin.cjs'),
  hook: join(root, 'apps/hooks/dist/bin.cjs'),
}

/** What everything is compared with: Node itself, doing nothing. */
export const nothing = { name: 'node -e 0', argv: ['node', '-e', '0'] }

/*
 * A process is measured by bash's `time`: the CPU time (user + system, as the kernel accounts it) of the process and of all that it
 * waited for, in milliseconds. It is the same on Linux and macOS, and needs nothing installed. Node cannot ask for it itself:
 * process.resourceUsage() knows only its own process. Parts of a millisecond are cut off, which makes ratios above 1 a little larger.
 */
const TIMED = 'input=$1; shift; TIMEFORMAT="%3U %3S %3R"; time "$@" <"$input" >/dev/null 2>&1'

/*
 * Peak memory is what the process itself says when it ends, `maxRSS` of process.resourceUsage(), asked by a module that Node is told to
 * load first. It is started by bash, not by this process, because on Linux a new program inherits its starter's peak.
 */
const PEAK_PROBE = `process.on('exit', () => {
  require('node:fs').writeFileSync(process.env.BENCH_PEAK, String(process.resourceUsage().maxRSS))
})`

/** A folder that is gone when the process ends. */
export function temporaryFolder() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'parallel-cc-bench-')))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/**
 * The environment of everything that is measured: a state folder and a home of its own, nothing of the user's git, and no
 * NODE_EXTRA_CA_CERTS, which makes Node 20 read certificates at every start and costs more than all of our code.
 */
export function environment(folder) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(GIT_|PARALLEL_CC_|CLAUDE|NODE_|npm_|LC_|LANG$)/.test(name) && name !== 'HOME',
    ),
  )
  const home = join(folder, 'home')
  mkdirSync(home, { recursive: true })
  return {
    ...env,
    PATH: [dirname(process.execPath), env.PATH].join(delimiter),
    HOME: home,
    LC_ALL: 'C',
    PARALLEL_CC_HOME: join(home, '.parallel-cc'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: 'Bench',
    GIT_AUTHOR_EMAIL: 'bench@example.invalid',
    GIT_COMMITTER_NAME: 'Bench',
    GIT_COMMITTER_EMAIL: 'bench@example.invalid',
  }
}

function check(command, result) {
  if (result.error) throw result.error
  if (result.status === (command.code ?? 0)) return
  const why = result.signal ?? `exit code ${result.status}`
  throw new Error(`${command.name ?? command.argv.join(' ')}: ${why}\n${result.stderr}`)
}

/** Runs a command that only prepares something, and returns what it printed. */
export function run(argv, { cwd, env, input = '' }) {
  const result = spawnSync(argv[0], argv.slice(1), { cwd, env, input, encoding: 'utf8', maxBuffer: 2 ** 28 })
  check({ argv }, result)
  return result.stdout
}

/**
 * Measures one run of a command: `{cpu, wall}` in milliseconds.
 * @param {{argv: string[], cwd?: string, env: object, stdin?: string, code?: number}} command `stdin` names a file
 */
export function measure(command) {
  const { argv, cwd, env, stdin = '/dev/null' } = command
  const result = spawnSync('bash', ['-c', TIMED, 'bash', stdin, ...argv], { cwd, env, encoding: 'utf8' })
  check(command, result)
  const [user, system, wall] = result.stderr.trim().split('\n').at(-1).split(' ').map(Number)
  return { cpu: (user + system) * 1000, wall: wall * 1000 }
}

/** Measures the peak memory of one run of a program of Node, in MB (10^6 bytes). */
export function peakMemory(command, folder) {
  const probe = join(folder, 'peak.cjs')
  const file = join(folder, 'peak')
  if (!existsSync(probe)) writeFileSync(probe, PEAK_PROBE)
  measure({ ...command, env: { ...command.env, NODE_OPTIONS: `--require "${probe}"`, BENCH_PEAK: file } })
  return (Number(readFileSync(file, 'utf8')) * 1024) / 1e6
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * Runs commands in turn (A B C A B C …), so that a machine that becomes slower does so for all of them. A command may be a function of
 * the round. Returns for each its medians and, against the first, the medians of the ratios round by round.
 */
export function compare(commands, { runs, warmups = 2 }) {
  const samples = commands.map(() => [])
  for (let round = -warmups; round < runs; round += 1) {
    for (const [i, command] of commands.entries()) {
      const { prepare, ...one } = typeof command === 'function' ? command(round + warmups) : command
      prepare?.()
      const sample = measure(one)
      if (round >= 0) samples[i].push({ name: one.name, ...sample })
    }
  }
  return samples.map((own) => ({
    name: own[0].name,
    cpu: median(own.map(({ cpu }) => cpu)),
    wall: median(own.map(({ wall }) => wall)),
    cpuRatio: median(own.map(({ cpu }, i) => cpu / samples[0][i].cpu)),
    wallRatio: median(own.map(({ wall }, i) => wall / samples[0][i].wall)),
  }))
}

/** Prints rows under a heading, numbers to the right. */
export function table(title, heading, rows) {
  const cells = [heading, ...rows].map((row) => row.map(String))
  const widths = heading.map((_, column) => Math.max(...cells.map((row) => row[column].length)))
  const line = (row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')
  process.stdout.write(`\n${title}\n${cells.map((row) => `  ${line(row).trimEnd()}`).join('\n')}\n`)
}

/** Says whether figures keep to their bars; the exit code is 1 when one does not. */
export function judge(bars) {
  const rows = bars.map(({ what, figure, bar, unit = '' }) => {
    const kept = figure <= bar
    if (!kept) process.exitCode = 1
    return [what, `${fixed(figure)}${unit}`, `<= ${bar}${unit}`, kept ? 'kept' : 'MISSED']
  })
  table('bars', ['what', 'measured', 'bar', ''], rows)
}

export function fixed(value, digits = 2) {
  return value.toFixed(digits)
}

/** What the figures depend on, in general words. */
export function machine() {
  const git = run(['git', '--version'], {}).trim()
  return `node ${process.versions.node}, ${git}, ${process.platform}-${process.arch}`
}
