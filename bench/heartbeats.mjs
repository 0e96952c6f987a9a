#!/usr/bin/env node
// Many resident processes, each with the store open, in a loop of heartbeats: node bench/heartbeats.mjs [SECONDS] [PROCESSES] [PAUSE_MS]
import { fork } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { heartbeat, openHotCoordinator, registerSession } from '../packages/coordinator/dist/hot.js'
import { environment, fixed, judge, machine, programs, run, table, temporaryFolder } from './measure.mjs'
import { repository } from './world.mjs'

const here = fileURLToPath(import.meta.url)

/** One resident process: registers itself, waits for the word, then beats until the time is over. */
async function resident(directory) {
  const coordinator = await openHotCoordinator({ env: process.env })
  const registered = await registerSession(coordinator, { pid: process.pid, directory, agentSessionId: null })
  const session = registered.session.id
  process.send({ ready: session })
  const [seconds, pause] = await new Promise((resolve) => process.once('message', resolve))
  const times = []
  const errors = []
  let last = ''
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    const began = performance.now()
    try {
      const beat = await heartbeat(coordinator, { session, directory, pid: process.pid })
      last = beat.lastHeartbeat
    } catch (error) {
      errors.push(`${error.code}: ${error.message}`)
    }
    times.push(performance.now() - began)
    if (pause > 0) await wait(pause)
    else await new Promise(setImmediate)
  }
  await coordinator.close()
  // what is said is long: the channel is closed when it has been read
  process.send({ times, errors, last }, () => process.disconnect())
}

function message(child) {
  return new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('disconnect', () => reject(new Error('a process ended early')))
  })
}

function integrity(file) {
  const require = createRequire(new URL('../packages/store/package.json', import.meta.url))
  const Database = require('better-sqlite3')
  const database = new Database(file)
  const answer = database.pragma('integrity_check', { simple: true })
  database.close()
  return answer
}

async function main(seconds, processes, pause) {
  const folder = temporaryFolder()
  const env = environment(folder)
  const { path } = repository(join(folder, 'repo'), env)
  run([programs.cli, 'status'], { cwd: path, env })
  const children = Array.from({ length: processes }, () => fork(here, ['resident', path], { env }))
  const ready = await Promise.all(children.map(message))
  const results = children.map(message)
  for (const child of children) child.send([seconds, pause])
  const done = await Promise.all(results)
  const times = done.flatMap((one) => one.times).toSorted((a, b) => a - b)
  const errors = done.flatMap((one) => one.errors)
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))]
  const stored = new Map(
    // the processes have ended, so their sessions show as dead, with the last beat that was written
    JSON.parse(run([programs.cli, 'status', '--json'], { cwd: path, env })).sessions.map((session) => [
      session.sessionId,
      session.lastHeartbeat,
    ]),
  )
  const lost = ready.filter((one, i) => stored.get(one.ready) !== done[i].last).length
  const pausing = pause > 0 ? `${pause} ms between beats` : 'without a pause'
  table(
    `${processes} processes, ${seconds} s, ${pausing}; ${machine()}`,
    ['heartbeats', 'a second', 'p50 ms', 'p99 ms', 'max ms', 'errors', 'lost', 'integrity'],
    [
      [
        times.length,
        fixed(times.length / seconds, 0),
        fixed(at(0.5)),
        fixed(at(0.99)),
        fixed(at(1)),
        errors.length,
        lost,
        integrity(join(env.PARALLEL_CC_HOME, 'coordinator.db')),
      ],
    ],
  )
  for (const text of new Set(errors)) process.stdout.write(`  ${text}\n`)
  judge([
    { what: 'p99 of a heartbeat', figure: at(0.99), bar: 100, unit: ' ms' },
    { what: 'errors', figure: errors.length, bar: 0 },
    { what: 'last heartbeats that are not in the store', figure: lost, bar: 0 },
  ])
}

if (process.argv[2] === 'resident') await resident(process.argv[3])
else await main(Number(process.argv[2] ?? 10), Number(process.argv[3] ?? 64), Number(process.argv[4] ?? 0))
