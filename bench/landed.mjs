#!/usr/bin/env node
// Is a branch landed: 150 branches, 10,000 commits on the target, most branches landed and then overwritten there, so that every rung is
// climbed. Prints the time, the ratio to the git processes that it starts, and to the same question put with plain git.
// Usage: node bench/landed.mjs [--commits N] [--branches N] [--module FILE]   (build first: FILE is packages/worktree/dist/index.js)
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    commits: { type: 'string', default: '10000' },
    branches: { type: 'string', default: '150' },
    rounds: { type: 'string', default: '5' },
    module: { type: 'string', default: join(import.meta.dirname, '../packages/worktree/dist/index.js') },
  },
})
const [commits, branches, rounds] = [values.commits, values.branches, values.rounds].map(Number)
const KINDS = ['never', 'squash', 'squash', 'rebase', 'merge']
const [FILES, LINES] = [2000, 60]

const name = (f) => `src/d${f % 40}/m${f % 7}/f${f}.txt`

/** A stream for git fast-import: one target, branches of three commits that land a little later, and edits everywhere. */
function history() {
  const out = []
  let [mark, seconds, seed] = [0, 1_700_000_000, 42]
  const roll = (sides) => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff
    return Math.floor(seed / 7) % sides
  }
  const content = Array.from({ length: FILES }, (_file, f) =>
    Array.from({ length: LINES }, (_line, i) => `file ${f} line ${i} lorem ipsum`),
  )
  const commit = ({ ref, message, files, from, merge }) => {
    mark += 1
    seconds += 60
    out.push(`commit ${ref}\nmark :${mark}\ncommitter n <n@example.com> ${seconds} +0000\n`)
    out.push(`data ${message.length}\n${message}\n`)
    if (from) out.push(`from :${from}\n`)
    if (merge) out.push(`merge :${merge}\n`)
    for (const [f, lines] of files) {
      const text = `${lines.join('\n')}\n`
      out.push(`M 100644 inline ${name(f)}\ndata ${text.length}\n${text}\n`)
    }
    return mark
  }
  const main = (message, files, merge) => {
    head = commit({ ref: 'refs/heads/main', message, files, from: head, merge })
  }
  const edit = (f, at, line) => {
    content[f] = content[f].with(at, line)
    return [f, content[f]]
  }
  let head = commit({ ref: 'refs/heads/main', message: 'init', files: content.map((lines, f) => [f, lines]) })
  const open = []
  const every = Math.floor(commits / branches)
  let made = 0
  const fork = (due) => {
    const b = made++
    const own = [b * 3, b * 3 + 1, roll(FILES)].map((f, c) => [
      f % FILES,
      roll(LINES),
      `branch ${b} commit ${c}`,
    ])
    const now = new Map()
    let tip = head
    for (const [f, at, line] of own) {
      now.set(f, (now.get(f) ?? content[f]).with(at, line))
      tip = commit({ ref: `refs/heads/b${b}`, message: line, files: [[f, now.get(f)]], from: tip })
    }
    open.push({ b, tip, own, due, kind: KINDS[b % KINDS.length] })
  }
  const land = ({ b, own, kind, tip }, i) => {
    if (kind === 'never') return
    const edits = own.map(([f, at, line]) => edit(f, at, line))
    if (kind === 'rebase') for (const one of edits) main(`rebased b${b}`, [one])
    else main(`${kind} b${b}`, new Map(edits), kind === 'merge' ? tip : undefined)
    const [f, at] = own[0]
    if (kind !== 'merge') main('rewrite', [edit(f, at, `rewritten ${i}`)])
  }
  for (let i = 1; i < commits; i += 1) {
    if (i % every === 5 && made < branches) fork(i + 3 + roll(20))
    const at = open.findIndex(({ due }) => due <= i)
    if (at >= 0) land(open.splice(at, 1)[0], i)
    main(`main ${i}`, [edit(roll(FILES), roll(LINES), `main ${i}`)])
  }
  return out.join('')
}

const base = mkdtempSync(join(tmpdir(), 'pcc-bench-'))
process.on('exit', () => rmSync(base, { recursive: true, force: true }))
const repo = join(base, 'repo')
mkdirSync(repo)
const git = (args, input) =>
  execFileSync('git', args, {
    cwd: repo,
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
git(['init', '-q', '-b', 'main'])
git(['fast-import', '--quiet', '--force'], history())
git(['repack', '-adq'])

/** The same questions with plain git, batched as far as it goes: history, merges, and the patch ids of target and branches. */
function plainGit(tips) {
  git(['rev-list', '--topo-order', '--parents', '--stdin'], `main\n${tips.join('\n')}\n`)
  git(['for-each-ref', '--no-merged=main', 'refs/heads'])
  spawnSync('git', ['merge-tree', '--write-tree', '--stdin'], {
    cwd: repo,
    input: tips.map((tip) => `main ${tip}\n`).join(''),
  })
  for (const range of [['main'], [...tips, '^main']]) {
    const patches = execFileSync('git', ['log', '-p', '--no-merges', ...range], {
      cwd: repo,
      maxBuffer: 1 << 30,
    })
    execFileSync('git', ['patch-id', '--stable'], { cwd: repo, input: patches, maxBuffer: 1 << 30 })
  }
}

function gitSeconds(trace) {
  const exits = readFileSync(trace, 'utf8').matchAll(/\| exit\s+\|[^|]*\|\s*([\d.]+)/g)
  return [...exits].reduce((sum, [, seconds]) => sum + Number(seconds), 0)
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

const { landedStates } = await import(pathToFileURL(resolve(values.module)).href)
const questions = git(['for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads/b*'])
  .trim()
  .split('\n')
  .map((line) => line.split(' '))
  .map(([branch, tip]) => ({ branch, tip }))
const figures = { ours: [], bare: [], ratio: [], plain: [] }
let answers = []
for (let round = 0; round < rounds; round += 1) {
  const trace = join(base, `trace-${round}`)
  process.env.GIT_TRACE2_PERF = trace
  const start = performance.now()
  answers = await landedStates(repo, questions, { targets: ['refs/heads/main'] })
  const ours = performance.now() - start
  delete process.env.GIT_TRACE2_PERF
  const bare = gitSeconds(trace) * 1000
  const plainStart = performance.now()
  plainGit(questions.map(({ tip }) => tip))
  figures.plain.push(performance.now() - plainStart)
  figures.ours.push(ours)
  figures.bare.push(bare)
  figures.ratio.push(ours / bare)
}
const wrong = answers.filter(({ state }, i) => {
  const kind = KINDS[Number(/\d+$/.exec(questions[i].branch)[0]) % KINDS.length]
  return (state === 'landed') !== (kind !== 'never')
})
if (wrong.length > 0) throw new Error(`${wrong.length} wrong answers`)
console.log(
  `${questions.length} branches, ${git(['rev-list', '--count', 'main']).trim()} commits, median of ${rounds}`,
)
console.table({
  'landedStates (ms)': Math.round(median(figures.ours)),
  'its git processes alone (ms)': Math.round(median(figures.bare)),
  'ratio to these': Number(median(figures.ratio).toFixed(2)),
  'plain git, batched (ms)': Math.round(median(figures.plain)),
})
