#!/usr/bin/env node
// What it costs to have an edit judged: in a resident process with 64 sessions and 5,000 claims, and by the hook program that is started
// for one call, against Node doing nothing.
// Usage: node bench/check-edit.mjs [--runs N] [--calls N]   (build first)
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import {
  compare,
  environment,
  fixed,
  judge,
  machine,
  median,
  nothing,
  programs,
  table,
  temporaryFolder,
} from './measure.mjs'
import { register, repository, sleepers } from './world.mjs'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '31' },
    calls: { type: 'string', default: '4000' },
    dist: { type: 'string', default: join(import.meta.dirname, '../packages/coordinator/dist') },
  },
})
const [runs, calls] = [values.runs, values.calls].map(Number)
const [SESSIONS, CLAIMS, GLOBS] = [64, 5000, 500]
const load = (file) => import(pathToFileURL(join(values.dist, file)).href)
const { openHotCoordinator } = await load('hot.js')
const { checkEdit } = await load('edits.js')

const folder = temporaryFolder()
const env = environment(folder)
const repo = repository(join(folder, 'repo'), env)
const agents = sleepers(SESSIONS).map((pid, i) => {
  const tree = join(folder, 'repo-worktrees', `tree-${i}`)
  repo.git('worktree', 'add', '-q', '-b', `tree-${i}`, tree)
  register(pid, tree, env)
  mkdirSync(join(tree, 'src'))
  return { pid, tree }
})

const deps = await openHotCoordinator({ env })
const [known] = await deps.store.read.reposOf(deps.runtime.host)
const open = await deps.store.read.openSessions(known.id)
for (const agent of agents) agent.session = open.find((one) => one.pid === agent.pid)

/** Claim `i` is agent `i % 64`'s; the last ones are globs on folders of their own. */
const file = (i) => `src/d${i % 97}/f${i}.ts`
await deps.store.write(known.id, async (tx) => {
  for (let i = 0; i < CLAIMS; i += 1) {
    const isGlob = i >= CLAIMS - GLOBS
    await tx.putClaim({
      sessionId: agents[i % SESSIONS].session.id,
      repoId: known.id,
      path: isGlob ? `lib/g${i}/**/*.{ts,js}` : file(i),
      isGlob,
      mode: i % 2 === 0 ? 'exclusive' : 'advisory',
      source: 'manual',
      reason: null,
      claimedAt: deps.runtime.now(),
      expiresAt: null,
    })
  }
})

let fresh = 0
const edit = (path) => ({ tool: 'Edit', input: { file_path: path } })
const KINDS = [
  { name: 'its own file', share: 5, verdict: 'allow', ask: (i, { tree }) => edit(join(tree, file(i))) },
  {
    name: 'a new file (claimed)',
    share: 2,
    verdict: 'allow',
    ask: (_i, { tree }) => {
      fresh += 1
      return edit(join(tree, `src/new${fresh}.ts`))
    },
  },
  {
    name: 'held by another',
    share: 1,
    verdict: 'deny',
    ask: (i, { tree }) => edit(join(tree, file(i + (i % 2 === 0 ? 2 : 1)))),
  },
  {
    name: 'sed -i of its own',
    share: 1,
    verdict: 'allow',
    ask: (i) => ({ tool: 'Bash', input: { command: `cd src/.. && sed -i 's/a/b/' ${file(i)} | tail -3` } }),
  },
  {
    name: 'a command that reads',
    share: 1,
    verdict: 'allow',
    ask: () => ({ tool: 'Bash', input: { command: 'git status && npm test' } }),
  },
]
const order = KINDS.flatMap((kind) => Array(kind.share).fill(kind))
const samples = new Map(KINDS.map((kind) => [kind, []]))
for (let call = -200; call < calls; call += 1) {
  const kind = order[(call + 200) % order.length]
  const i = ((call + 200) * 7) % (CLAIMS - GLOBS - 2)
  const agent = agents[i % SESSIONS]
  const input = { pid: agent.pid, cwd: agent.tree, ...kind.ask(i, agent) }
  const began = performance.now()
  const { verdict, reason } = await checkEdit(deps, input)
  const took = performance.now() - began
  if (verdict !== kind.verdict) throw new Error(`${kind.name}: ${verdict} ${reason ?? ''}`)
  if (call >= 0) samples.get(kind).push(took)
}
await deps.close()

const percentile = (list, share) => list.toSorted((a, b) => a - b)[Math.floor(list.length * share)]
const all = [...samples.values()].flat()
const figures = (name, list) => [
  name,
  list.length,
  ...[median(list), percentile(list, 0.9), percentile(list, 0.99), Math.max(...list)].map((one) =>
    fixed(one, 3),
  ),
]
table(
  `checkEdit in a resident process, ${SESSIONS} sessions, ${CLAIMS} claims; ${machine()}`,
  ['call', 'n', 'p50 ms', 'p90 ms', 'p99 ms', 'max ms'],
  [...[...samples].map(([kind, list]) => figures(kind.name, list)), figures('all', all)],
)

const cwd = agents[0].tree
const payload = (name, tool_name, tool_input) => {
  const path = join(folder, `${name}.json`)
  writeFileSync(path, JSON.stringify({ session_id: 'bench', cwd, tool_name, tool_input }))
  return path
}
const cold = (name, stdin) => ({
  name: `hook PreToolUse, ${name}`,
  argv: [programs.hook, 'PreToolUse'],
  cwd,
  env: { ...env, CLAUDE_PID: String(agents[0].pid) },
  stdin,
})
const commands = [
  { ...nothing, cwd, env },
  cold('Edit of its own', payload('own', 'Edit', { file_path: join(cwd, file(0)) })),
  cold('Edit that is held', payload('held', 'Edit', { file_path: join(cwd, file(2)) })),
  cold('Bash that reads', payload('reads', 'Bash', { command: 'git status && npm test' })),
  cold('Bash sed -i', payload('sed', 'Bash', { command: `sed -i 's/a/b/' ${file(0)}` })),
]
const rows = compare(commands, { runs })
table(
  `the same by a program that is started for it, ${runs} runs in turn, medians`,
  ['command', 'CPU ms', 'wall ms', 'CPU ratio', 'wall ratio'],
  rows.map((row) => [
    row.name,
    fixed(row.cpu, 1),
    fixed(row.wall, 1),
    fixed(row.cpuRatio),
    fixed(row.wallRatio),
  ]),
)
judge([
  { what: 'resident checkEdit, p50', figure: median(all), bar: 1, unit: ' ms' },
  { what: 'resident checkEdit, p99', figure: percentile(all, 0.99), bar: 5, unit: ' ms' },
  ...[1, 2, 3].map((i) => ({
    what: `${rows[i].name}: CPU, times node -e 0`,
    figure: rows[i].cpuRatio,
    bar: 1.8,
  })),
])
