#!/usr/bin/env node
// Many agents that claim, release, send, read and look at the same time: node bench/mixed-load.mjs [SECONDS] [PROCESSES] [PAUSE_MS]
import { fork } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  checkPaths,
  claimPaths,
  listClaims,
  loadConfig,
  openHotCoordinator,
  placeOf,
  readMessages,
  registerSession,
  releasePaths,
  sendMessage,
  status,
} from '../packages/coordinator/dist/hot.js'
import { environment, fixed, judge, machine, programs, run, table, temporaryFolder } from './measure.mjs'
import { repository } from './world.mjs'

const here = fileURLToPath(import.meta.url)

/** A few files and globs that meet each other often. */
const PATHS = [
  'src/**',
  'src/a.ts',
  'src/a.*',
  'src/b.ts',
  'lib/{a,b}.ts',
  'lib/*.ts',
  'docs/a.md',
  'docs/**',
]

/** Repeats, so that a run can be told from another by nothing but its speed. */
function numbers(seed) {
  let state = seed
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}

/** What an agent does, with how often in a hundred. */
function work(deps, me, names, pick) {
  const paths = () => [PATHS[pick(PATHS.length)], `own/${me.session}/${pick(50)}.ts`]
  const mode = () => (pick(3) === 0 ? 'exclusive' : 'advisory')
  const config = loadConfig(placeOf(process.env).configFile).values
  return [
    ['claim', 30, () => claimPaths(deps, { ...me, paths: paths(), mode: mode(), ttlMs: 60_000 })],
    ['release', 25, () => releasePaths(deps, { ...me, paths: pick(4) === 0 ? null : paths() })],
    ['check', 20, () => checkPaths(deps, { ...me, paths: paths() })],
    [
      'send',
      8,
      () => sendMessage(deps, { ...me, to: [names[pick(names.length)]], text: 'done with src/a.ts' }),
    ],
    ['read', 8, () => readMessages(deps, me)],
    ['claims', 4, () => listClaims(deps, me)],
    ['status', 5, () => status({ ...deps, config }, me)],
  ]
}

async function agent(directory, number) {
  const deps = await openHotCoordinator({ env: process.env })
  const ask = { pid: process.pid, directory, agentSessionId: null, title: `agent-${number}` }
  const { session } = await registerSession(deps, ask)
  process.send({ ready: session.id })
  const [seconds, pause, names] = await new Promise((resolve) => process.once('message', resolve))
  const pick = numbers(number + 1)
  const kinds = work(deps, { session: session.id, directory, pid: process.pid }, names, pick)
  const bag = kinds.flatMap((kind) => Array.from({ length: kind[1] }, () => kind))
  const times = []
  const errors = []
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    const [kind, , act] = bag[pick(bag.length)]
    const began = performance.now()
    try {
      await act()
    } catch (error) {
      errors.push(`${kind}: ${error.code}: ${error.message}`)
    }
    times.push([kind, performance.now() - began])
    await wait(pause === 0 ? 0 : pick(2 * pause))
  }
  await deps.close()
  process.send({ times, errors })
  process.disconnect()
}

function message(child) {
  return new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('disconnect', () => reject(new Error('a process ended early')))
  })
}

function database(file, ask) {
  const require = createRequire(new URL('../packages/store/package.json', import.meta.url))
  const Database = require('better-sqlite3')
  const opened = new Database(file)
  const answer = ask(opened)
  opened.close()
  return answer
}

/** Sessions that hold the very same path, one of them exclusively: there must be none. */
const DOUBLE = `select count(*) from file_claims a join file_claims b
  on a.repo_id = b.repo_id and a.file_path = b.file_path and a.session_id <> b.session_id
  where a.claim_mode = 'exclusive' and a.expires_at > b.claimed_at and b.expires_at > a.claimed_at`

function percentiles(times) {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}

async function main(seconds, processes, pause) {
  const folder = temporaryFolder()
  const env = environment(folder)
  const { path } = repository(join(folder, 'repo'), env)
  run([programs.cli, 'status'], { cwd: path, env })
  const children = Array.from({ length: processes }, (_, n) =>
    fork(here, ['agent', path, String(n)], { env }),
  )
  const names = (await Promise.all(children.map(message))).map((one) => one.ready)
  const results = children.map(message)
  for (const child of children) child.send([seconds, pause, names])
  const done = await Promise.all(results)
  const times = done.flatMap((one) => one.times)
  const errors = done.flatMap((one) => one.errors)
  const all = percentiles(times.map(([, time]) => time))
  const kinds = [...new Set(times.map(([kind]) => kind))].toSorted()
  const row = (name, { count, p50, p99, max }) => [
    name,
    count,
    fixed(count / seconds, 0),
    fixed(p50),
    fixed(p99),
    fixed(max),
  ]
  table(
    `${processes} agents, ${seconds} s, ${pause} ms between two calls on average; ${machine()}`,
    ['call', 'calls', 'a second', 'p50 ms', 'p99 ms', 'max ms'],
    [
      ...kinds.map((kind) =>
        row(kind, percentiles(times.filter(([one]) => one === kind).map(([, time]) => time))),
      ),
      row('all', all),
    ],
  )
  for (const text of new Set(errors)) process.stdout.write(`  ${text}\n`)
  const file = join(env.PARALLEL_CC_HOME, 'coordinator.db')
  judge([
    { what: 'p99 of a call', figure: all.p99, bar: 100, unit: ' ms' },
    { what: 'errors', figure: errors.length, bar: 0 },
    { what: 'paths held twice', figure: database(file, (db) => db.prepare(DOUBLE).pluck().get()), bar: 0 },
    {
      what: 'problems of the database',
      figure: database(file, (db) => (db.pragma('integrity_check', { simple: true }) === 'ok' ? 0 : 1)),
      bar: 0,
    },
  ])
}

if (process.argv[2] === 'agent') await agent(process.argv[3], Number(process.argv[4]))
else await main(Number(process.argv[2] ?? 30), Number(process.argv[3] ?? 30), Number(process.argv[4] ?? 100))
