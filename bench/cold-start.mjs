#!/usr/bin/env node
// What a command costs that a script, a status line or a hook starts: node bench/cold-start.mjs [RUNS]
import { join } from 'node:path'
import {
  compare,
  environment,
  fixed,
  judge,
  machine,
  nothing,
  peakMemory,
  programs,
  table,
  temporaryFolder,
} from './measure.mjs'
import { payload, register, repository, sleepers } from './world.mjs'

const RUNS = Number(process.argv[2] ?? 31)
const WARMUPS = 2
const SESSIONS = 50

const folder = temporaryFolder()
const env = environment(folder)

/** A repository in which this very process is the one session. */
function alone() {
  const { path } = repository(join(folder, 'alone'), env)
  register(process.pid, path, env)
  return path
}

/** One repository for each run, and a process that has never been seen. */
function unknown(count) {
  const pids = sleepers(count)
  return pids.map((pid) => ({ pid, path: repository(join(folder, `new-${pid}`), env).path }))
}

/** 50 sessions, each a living process with a tree of its own. */
function crowd() {
  const state = { ...env, PARALLEL_CC_HOME: join(folder, 'crowd-home') }
  const repo = repository(join(folder, 'crowd'), env)
  for (const [i, pid] of sleepers(SESSIONS).entries()) {
    const tree = join(folder, 'crowd-worktrees', `tree-${i}`)
    repo.git('worktree', 'add', '-q', '-b', `tree-${i}`, tree)
    register(pid, tree, state)
  }
  return { path: repo.path, state }
}

const cwd = alone()
const fresh = unknown(RUNS + WARMUPS + 1)
const many = crowd()
const hook = { argv: [programs.hook, 'SessionStart'] }
const pidEnv = (pid) => ({ ...env, CLAUDE_PID: String(pid) })
const heartbeat = { name: 'heartbeat', argv: [programs.cli, 'heartbeat'], cwd, env }
const again = {
  ...hook,
  name: 'hook SessionStart, known',
  cwd,
  stdin: payload(folder, cwd),
  env: pidEnv(process.pid),
}
const first = (i) => ({
  ...hook,
  name: 'hook SessionStart, new',
  cwd: fresh[i].path,
  env: pidEnv(fresh[i].pid),
})
const status = {
  name: `status --json, ${SESSIONS} sessions`,
  argv: [programs.cli, 'status', '--json'],
  cwd: many.path,
  env: many.state,
}
const version = { name: '--version', argv: [programs.cli, '--version'], cwd, env }
const help = { name: '--help', argv: [programs.cli, '--help'], cwd, env }

const commands = [{ ...nothing, cwd, env }, heartbeat, again, first, status, version, help]
const rows = compare(commands, { runs: RUNS, warmups: WARMUPS })
const named = commands.map((command) => (typeof command === 'function' ? command(RUNS + WARMUPS) : command))
const peaks = named.map((command) => peakMemory(command, folder))

table(
  `cold start, ${RUNS} runs in turn, medians; ${machine()}`,
  ['command', 'CPU ms', 'wall ms', 'CPU ratio', 'wall ratio', 'peak MB'],
  rows.map((row, i) => [
    row.name,
    fixed(row.cpu, 1),
    fixed(row.wall, 1),
    fixed(row.cpuRatio),
    fixed(row.wallRatio),
    fixed(peaks[i], 1),
  ]),
)
judge([
  ...[1, 2, 3].flatMap((i) => [
    { what: `${rows[i].name}: CPU, times node -e 0`, figure: rows[i].cpuRatio, bar: 1.6 },
    { what: `${rows[i].name}: peak memory`, figure: peaks[i], bar: 70, unit: ' MB' },
  ]),
  ...[4, 5, 6].map((i) => ({
    what: `${rows[i].name}: CPU, times node -e 0`,
    figure: rows[i].cpuRatio,
    bar: 4,
  })),
])
