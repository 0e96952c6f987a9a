#!/usr/bin/env node
// The MCP server: from its start to its first answer and to the answer of its first tool, against Node doing nothing; and what it holds in
// memory over 1,000 calls of all kinds.
// Usage: node bench/mcp-server.mjs [--runs N] [--calls N] [--server FILE]   (build first: FILE is apps/mcp-server/dist/bin.cjs)
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { environment, judge, median, run, table, temporaryFolder } from './measure.mjs'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '25' },
    calls: { type: 'string', default: '1000' },
    server: { type: 'string', default: join(import.meta.dirname, '../apps/mcp-server/dist/bin.cjs') },
  },
})
const [runs, calls] = [values.runs, values.calls].map(Number)
const folder = temporaryFolder()
const env = environment(folder)
const repo = join(folder, 'repo')
run(['git', 'init', '-q', '-b', 'main', repo], { cwd: folder, env })
run(['git', 'commit', '-q', '--allow-empty', '-m', 'first'], { cwd: repo, env })

const HELLO = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'claude-code', version: '1' },
}

/** A server and a client that knows just enough of the protocol. */
function start() {
  const began = performance.now()
  const child = spawn(process.execPath, [values.server], {
    cwd: repo,
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const waiting = new Map()
  let rest = ''
  let last = 0
  child.stdout.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()
    for (const line of lines) {
      const message = JSON.parse(line)
      waiting.get(message.id)?.(message)
      waiting.delete(message.id)
    }
  })
  const ask = (method, params = {}) =>
    new Promise((resolve) => {
      last += 1
      waiting.set(last, resolve)
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: last, method, params })}\n`)
    })
  const tell = (method) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method })}\n`)
  const end = async () => {
    child.stdin.end()
    await once(child, 'exit')
  }
  return { child, ask, tell, end, since: () => performance.now() - began }
}

async function startUp() {
  const server = start()
  await server.ask('initialize', HELLO)
  const hello = server.since()
  server.tell('notifications/initialized')
  await server.ask('tools/call', { name: 'get_my_session', arguments: {} })
  const tool = server.since()
  await server.end()
  return { hello, tool }
}

async function nothing() {
  const began = performance.now()
  await once(spawn(process.execPath, ['-e', '0'], { cwd: repo, env, stdio: 'ignore' }), 'exit')
  return performance.now() - began
}

/** Resident memory in MB (10^6 bytes). */
function resident(pid) {
  if (process.platform === 'linux')
    return (Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096) / 1e6
  return (Number(run(['ps', '-o', 'rss=', '-p', String(pid)], { cwd: folder, env })) * 1024) / 1e6
}

/** What a session asks, in turn; half of it comes from hooks. */
const LOAD = [
  [
    'hook',
    { event: 'PreToolUse', cwd: repo, tool_name: 'Edit', tool_input: { file_path: join(repo, 'a.txt') } },
  ],
  ['get_parallel_status', {}],
  ['hook', { event: 'PostToolBatch', cwd: repo }],
  ['claim_files', { files: ['a.txt', 'src/**'], mode: 'advisory' }],
  ['hook', { event: 'PreToolUse', cwd: repo, tool_name: 'Bash', tool_input: { command: 'echo x > b.txt' } }],
  ['check_conflicts', { files: ['a.txt'] }],
  ['hook', { event: 'Stop', cwd: repo }],
  ['list_claims', {}],
  ['get_my_session', {}],
  ['read_messages', {}],
]

async function memory() {
  const server = start()
  await server.ask('initialize', HELLO)
  server.tell('notifications/initialized')
  await server.ask('tools/list')
  const points = []
  for (let done = 0; done <= calls * 2; done += 1) {
    if (done % (calls / 4) === 0) points.push([done, resident(server.child.pid)])
    const [name, input] = LOAD[done % LOAD.length]
    await server.ask('tools/call', { name, arguments: input })
  }
  await server.end()
  return points
}

const samples = []
for (let round = -2; round < runs; round += 1) {
  const sample = { node: await nothing(), ...(await startUp()) }
  if (round >= 0) samples.push(sample)
}
const ratio = (key) => median(samples.map((sample) => sample[key] / sample.node))
const figure = (key) => median(samples.map((sample) => sample[key])).toFixed(1)
table(
  `from the start, ${runs} runs in turn`,
  ['what', 'ms', 'ratio'],
  [
    ['node -e 0', figure('node'), '1.00'],
    ['first answer (initialize)', figure('hello'), ratio('hello').toFixed(2)],
    ['first tool answered (get_my_session)', figure('tool'), ratio('tool').toFixed(2)],
  ],
)
const points = await memory()
table(
  'resident memory',
  ['calls', 'MB'],
  points.map(([done, mb]) => [done, mb.toFixed(1)]),
)
const at = (done) => points.find(([n]) => n === done)[1]
judge([
  { what: 'first answer against node -e 0', figure: ratio('hello'), bar: 4 },
  { what: `resident after ${calls} calls`, figure: at(calls), bar: 90, unit: ' MB' },
  { what: `growth over the next ${calls} calls`, figure: at(calls * 2) - at(calls), bar: 5, unit: ' MB' },
])
