#!/usr/bin/env node
// What `list --json` costs beyond the git commands that it starts: node bench/list.mjs [RUNS]
//
// The git commands are recorded from one real run, by a stand-in for git that notes arguments, folder, variables, input and times, and
// are then run again bare, from a script of bash, as many side by side as the program runs them.
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import {
  compare,
  environment,
  fixed,
  judge,
  machine,
  nothing,
  programs,
  run,
  table,
  temporaryFolder,
} from './measure.mjs'
import { bigHistory } from './world.mjs'

const RUNS = Number(process.argv[2] ?? 9)
const TREES = 80
const REFS = 1400
const VIEW = 'parallel-cc-view-'

const folder = temporaryFolder()
const env = environment(folder)
const repo = join(folder, 'repo')
bigHistory(repo, env, { trees: TREES, refs: REFS, files: 400 })

/** Puts a stand-in for git in front, which records each call and then runs the real one. */
function recorder() {
  const realGit = env.PATH.split(delimiter)
    .map((entry) => join(entry, 'git'))
    .find((path) => existsSync(path))
  const shim = join(folder, 'shim')
  const kept = join(folder, 'recorded')
  mkdirSync(shim)
  mkdirSync(kept)
  const script = `#!${process.execPath}
const fs = require('node:fs')
const { spawnSync } = require('node:child_process')
const begin = Date.now()
const kept = ${JSON.stringify(kept)}
const id = process.hrtime.bigint() + '-' + process.pid
const input = fs.fstatSync(0).isCharacterDevice() ? Buffer.alloc(0) : fs.readFileSync(0)
fs.writeFileSync(kept + '/' + id + '.in', input)
const { GIT_DIR } = process.env
if (GIT_DIR?.includes(${JSON.stringify(VIEW)})) fs.cpSync(GIT_DIR, kept + '/' + id + '.view', { recursive: true })
const { status } = spawnSync(${JSON.stringify(realGit)}, process.argv.slice(2), { input, stdio: ['pipe', 'inherit', 'inherit'] })
const vars = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('GIT_')))
const call = { id, begin, end: Date.now(), args: process.argv.slice(2), cwd: process.cwd(), vars }
fs.writeFileSync(kept + '/' + id + '.json', JSON.stringify(call))
process.exitCode = status
`
  writeFileSync(join(shim, 'git'), script)
  chmodSync(join(shim, 'git'), 0o755)
  return { kept, env: { ...env, PATH: [shim, env.PATH].join(delimiter) } }
}

function record() {
  const { kept, env: recording } = recorder()
  const listed = JSON.parse(run([programs.cli, 'list', '--json'], { cwd: repo, env: recording }))
  if (listed.worktrees.length !== TREES + 1) throw new Error(`${listed.worktrees.length} trees were listed`)
  const names = run(['ls', kept], { env })
    .split('\n')
    .filter((name) => name.endsWith('.json'))
  const calls = names.map((name) => JSON.parse(readFileSync(join(kept, name), 'utf8')))
  return { kept, listed, calls: calls.toSorted((a, b) => a.begin - b.begin) }
}

/** What ran side by side: a call that began after all before it had ended begins a new stage. */
function stages(calls) {
  const found = []
  let end = 0
  for (const call of calls) {
    if (call.begin >= end) found.push([])
    found.at(-1).push(call)
    end = Math.max(end, call.end)
  }
  return found
}

/** How many of them ran at the same moment. */
function width(calls) {
  return Math.max(
    ...calls.map(({ begin }) => calls.filter((one) => one.begin <= begin && one.end > begin).length),
  )
}

const quote = (text) => `'${String(text).replaceAll("'", `'\\''`)}'`

/** The same calls as a script of bash; a view's folder is a copy, since the original is gone. */
function replay({ kept, calls }) {
  const views = join(folder, 'views')
  const line = ({ id, args, cwd, vars }) => {
    const view = vars.GIT_DIR?.includes(VIEW) ? vars.GIT_DIR : null
    const at = (text) => (view === null ? text : text.replaceAll(view, join(views, id)))
    const set = Object.entries({ ...vars, GIT_TERMINAL_PROMPT: '0' }).map(
      ([name, value]) => `${name}=${quote(at(value))}`,
    )
    return `cd ${quote(at(cwd))}; ${set.join(' ')} git ${args.map(at).map(quote).join(' ')} <${quote(join(kept, `${id}.in`))} >/dev/null 2>&1`
  }
  const text = stages(calls).map((stage) => {
    const lanes = Array.from({ length: width(stage) }, () => [])
    for (const [i, call] of stage.entries()) lanes[i % lanes.length].push(line(call))
    return `${lanes.map((lane) => `{\n${lane.join('\n')}\n} &`).join('\n')}\nwait\n`
  })
  const script = join(folder, 'replay.sh')
  writeFileSync(script, text.join(''))
  const prepare = () => {
    rmSync(views, { recursive: true, force: true })
    mkdirSync(views)
    for (const { id } of calls) {
      const from = join(kept, `${id}.view`)
      if (existsSync(from)) cpSync(from, join(views, id), { recursive: true })
    }
  }
  return { name: 'the same git commands, bare', argv: ['bash', script], cwd: repo, env, prepare }
}

const recorded = record()
const { calls, listed } = recorded
const states = listed.worktrees.map(({ landed }) => landed.state)
const count = (state) => states.filter((one) => one === state).length
const outside = join(folder, 'plain')
mkdirSync(outside)
const [bare, list, start, node] = compare(
  [
    replay(recorded),
    {
      name: `list --json, ${TREES} trees, ${REFS} refs`,
      argv: [programs.cli, 'list', '--json'],
      cwd: repo,
      env,
    },
    // all of the same start but git: it opens the store, and finds no repository to list
    {
      name: 'list --json, no repository known',
      argv: [programs.cli, 'list', '--all', '--json'],
      cwd: outside,
      env: { ...env, PARALLEL_CC_HOME: freshState() },
    },
    { ...nothing, cwd: repo, env },
  ],
  { runs: RUNS, warmups: 1 },
)

/** A state folder whose store exists and is empty. */
function freshState() {
  const home = join(folder, 'empty')
  run([programs.cli, 'status', '--all'], { cwd: outside, env: { ...env, PARALLEL_CC_HOME: home } })
  return home
}

const kinds = new Map()
for (const { args } of calls) {
  const word = args.find((arg) => /^[a-z-]+$/.test(arg) && !/^-(c$|-no-)/.test(arg)) ?? args.join(' ')
  kinds.set(word, (kinds.get(word) ?? 0) + 1)
}
table(
  `list, ${RUNS} runs in turn, medians; ${machine()}`,
  ['command', 'CPU ms', 'wall ms', 'CPU ratio', 'wall ratio'],
  [bare, list, start, node].map((row) => [
    row.name,
    fixed(row.cpu, 0),
    fixed(row.wall, 0),
    fixed(row.cpuRatio),
    fixed(row.wallRatio),
  ]),
)
process.stdout.write(
  `\n  ${calls.length} git processes: ${[...kinds].map(([word, n]) => `${n} ${word}`).join(', ')}\n` +
    `  ${count('landed')} landed, ${count('not-landed')} not landed, ${count('no-work')} without work\n`,
)
judge([
  {
    what: 'wall time without its start, times the git commands',
    figure: (list.wall - start.wall) / bare.wall,
    bar: 1.3,
  },
  {
    what: 'CPU time without its start, times the git commands',
    figure: (list.cpu - start.cpu) / bare.cpu,
    bar: 1.3,
  },
  { what: 'its start: CPU, times node -e 0', figure: start.cpu / node.cpu, bar: 4 },
])
