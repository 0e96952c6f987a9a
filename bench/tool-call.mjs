#!/usr/bin/env node
// What the plugin adds to a tool call of the real client: from the end of the model's answer, which calls Edit, to the client's next request.
// Runs with and without the plugin take turns; the session is registered and its messages are looked for, as in use.
// Usage: node bench/tool-call.mjs [--runs N] [--calls N] [--others N]   (build first, and fetch the client: npm run client)
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ensureClient } from '../scripts/client.mjs'
import { environment, judge, median, programs, run, table, temporaryFolder } from './measure.mjs'
import { register, repository, sleepers } from './world.mjs'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10' },
    calls: { type: 'string', default: '40' },
    others: { type: 'string', default: '3' },
  },
})
const [runs, calls, others] = [values.runs, values.calls, values.others].map(Number)
/** The first calls of a run still load what the later ones have. */
const WARMUPS = 5

const folder = temporaryFolder()
const env = environment(folder)
const { path: repo } = repository(join(folder, 'repo'), env)
const plugin = join(import.meta.dirname, '../apps/hooks/plugin')
const client = await ensureClient()
for (const pid of sleepers(others)) register(pid, repo, env)

function events(number, content, stop) {
  const usage = {
    input_tokens: 100,
    output_tokens: 1,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
  }
  const message = {
    id: `msg_${number}`,
    type: 'message',
    role: 'assistant',
    model: 'claude-opus-5-5',
    content: [],
  }
  const [start, delta] = content
  return [
    { type: 'message_start', message: { ...message, stop_reason: null, stop_sequence: null, usage } },
    { type: 'content_block_start', index: 0, content_block: start },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: stop, stop_sequence: null },
      usage: { output_tokens: 20 },
    },
    { type: 'message_stop' },
  ]
}

const text = (words) => [
  { type: 'text', text: '' },
  { type: 'text_delta', text: words },
]
const tool = (id, name, input) => [
  { type: 'tool_use', id, name, input: {} },
  { type: 'input_json_delta', partial_json: JSON.stringify(input) },
]

/** A model that writes a file, edits it again and again, and stops; it takes the time between its answer and the next request. */
async function model(file) {
  const waits = []
  let number = 0
  let answered
  const server = createServer(async (request, response) => {
    const came = performance.now()
    request.resume()
    await once(request, 'end')
    if (!request.url.startsWith('/v1/messages?') && request.url !== '/v1/messages') {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end('{"input_tokens":100}')
      return
    }
    if (answered !== undefined) waits.push(came - answered)
    number += 1
    const edit = { file_path: file, old_string: `v${number - 2}`, new_string: `v${number - 1}` }
    const [content, stop] =
      number === 1
        ? [tool('toolu_1', 'Write', { file_path: file, content: 'v0\n' }), 'tool_use']
        : number <= calls + WARMUPS
          ? [tool(`toolu_${number}`, 'Edit', edit), 'tool_use']
          : [text('done'), 'end_turn']
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of events(number, content, stop))
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    response.end()
    answered = performance.now()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${server.address().port}`, waits, close: () => server.close() }
}

async function session(name, args, round) {
  const home = join(folder, 'homes', `${name}-${round}`)
  mkdirSync(join(home, 'tmp'), { recursive: true })
  const api = await model(join(repo, `${name}-${round}.txt`))
  const flags = ['--output-format', 'stream-json', '--verbose', '--dangerously-skip-permissions']
  const child = spawn(client, ['-p', 'go', ...flags, ...args], {
    cwd: repo,
    env: {
      ...env,
      HOME: home,
      TMPDIR: join(home, 'tmp'),
      ANTHROPIC_BASE_URL: api.url,
      ANTHROPIC_API_KEY: 'sk-ant-api03-not-a-real-key',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_UPDATES: '1',
      IS_SANDBOX: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const [code] = await once(child, 'close')
  api.close()
  const waits = api.waits.slice(WARMUPS, WARMUPS + calls)
  if (code !== 0 || waits.length < calls - 1 || output.includes('"is_error":true')) {
    writeFileSync('/dev/stderr', output.slice(-3000))
    throw new Error(`${name}: exit code ${code}, ${waits.length} calls`)
  }
  return waits
}

const kinds = [
  { name: 'none', args: [] },
  { name: 'plugin', args: ['--plugin-dir', plugin] },
]
const waits = kinds.map(() => [])
for (let round = 0; round < runs; round += 1) {
  for (const [at, { name, args }] of kinds.entries()) waits[at].push(...(await session(name, args, round)))
}

/** The end of a session is told by a hook and carried out after it, which must not find its folder gone. */
for (let left = Number.POSITIVE_INFINITY; left > others; ) {
  left = JSON.parse(run([programs.cli, 'status', '--json'], { cwd: repo, env })).totalSessions
}

const part = (list, of) => list.toSorted((a, b) => a - b)[Math.floor(list.length * of)].toFixed(1)
table(
  `an Edit, ${others} other sessions in the repository`,
  ['hooks', 'calls', 'p50 ms', 'p90', 'p99'],
  kinds.map(({ name }, at) => [
    name,
    waits[at].length,
    part(waits[at], 0.5),
    part(waits[at], 0.9),
    part(waits[at], 0.99),
  ]),
)
judge([
  { what: 'added by the plugin, median', figure: median(waits[1]) - median(waits[0]), bar: 8, unit: ' ms' },
])
