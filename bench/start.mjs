#!/usr/bin/env node
import { spawnSync } from 'node:child_process'
// What `start` costs beyond `git worktree add` in a big repository, and that removing a tree does not make the next one slow:
// node bench/start.mjs [ROUNDS] [FILES]
//
// Nothing is deleted before the end. On ext4 the creation of many files is slow for minutes after as many were deleted, so a benchmark
// that deletes between its rounds measures its own deletions.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  environment,
  fixed,
  judge,
  machine,
  measure,
  median,
  programs,
  run,
  table,
  temporaryFolder,
} from './measure.mjs'
import { manyFiles, sleepers } from './world.mjs'

const ROUNDS = Number(process.argv[2] ?? 5)
const FILES = Number(process.argv[3] ?? 50_000)

const folder = temporaryFolder()
const env = environment(folder)
const repo = join(folder, 'repo')
manyFiles(repo, env, FILES)
const pids = sleepers(2 * ROUNDS + 2)

let trees = 0
function add() {
  trees += 1
  const tree = join(folder, 'bare', `tree-${trees}`)
  return measure({ argv: ['git', 'worktree', 'add', '-q', '-b', `bare-${trees}`, tree], cwd: repo, env })
}

const names = []
function start() {
  const name = `session-${names.length + 1}`
  const pid = String(pids[names.length])
  names.push(name)
  const argv = [programs.cli, 'start', '--no-launch', '--isolation', 'always', '--pid', pid, '--name', name]
  return measure({ argv, cwd: repo, env })
}

function stop() {
  const name = names[stopped.length]
  const time = measure({ argv: [programs.cli, 'stop', name], cwd: repo, env })
  stopped.push(time)
}

/** Waits until what was written is on the disk, so that no command pays for the one before. */
function settle() {
  spawnSync('sync')
}

const stopped = []
const before = { add: [], start: [] }
const after = { add: [], start: [] }
for (let i = -1; i < ROUNDS; i += 1) {
  settle()
  const one = { add: add() }
  settle()
  one.start = start()
  if (i < 0) continue
  before.add.push(one.add)
  before.start.push(one.start)
}
for (let i = 0; i < ROUNDS; i += 1) {
  stop()
  settle()
  after.start.push(start())
  settle()
  after.add.push(add())
}
const left = run(['git', 'worktree', 'list'], { cwd: repo, env }).trim().split('\n').length
writeFileSync(join(folder, 'left'), String(left))
if (left !== 1 + trees + names.length - stopped.length) throw new Error(`${left} trees are left`)

const middle = (samples, what) => median(samples.map((sample) => sample[what]))
const ratios = (samples, what) =>
  median(samples.start.map((sample, i) => sample[what] / samples.add[i][what]))
const row = (name, samples) => [
  name,
  fixed(middle(samples, 'cpu') / 1000),
  fixed(middle(samples, 'wall') / 1000),
]
table(
  `${FILES} files, ${ROUNDS} rounds in turn, medians; ${machine()}`,
  ['command', 'CPU s', 'wall s'],
  [
    row('git worktree add', before.add),
    row('start --no-launch', before.start),
    row('stop, which removes the tree', stopped),
    row('start --no-launch, after a removal', after.start),
    row('git worktree add, after a removal', after.add),
  ],
)
judge([
  { what: 'start: wall time, times git worktree add', figure: ratios(before, 'wall'), bar: 1.15 },
  { what: 'start: CPU time, times git worktree add', figure: ratios(before, 'cpu'), bar: 1.15 },
  { what: 'start after a removal, times git worktree add', figure: ratios(after, 'wall'), bar: 1.15 },
  {
    what: 'start after a removal, times start without one',
    figure: middle(after.start, 'wall') / middle(before.start, 'wall'),
    bar: 1.3,
  },
])
