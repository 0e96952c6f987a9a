// Repositories and processes for the benchmarks.
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { programs, run } from './measure.mjs'

/** A repository with one commit, and git to run in it. */
export function repository(path, env) {
  mkdirSync(path, { recursive: true })
  const git = (...args) => run(['git', ...args], { cwd: path, env })
  git('init', '-q', '-b', 'main')
  writeFileSync(join(path, 'a.txt'), 'one\n')
  git('add', '.')
  git('commit', '-q', '-m', 'one')
  return { path, git }
}

/** Processes that do nothing, to stand for agents; they end with this one. */
export function sleepers(count) {
  const children = Array.from({ length: count }, () => spawn('sleep', ['3600'], { stdio: 'ignore' }))
  for (const child of children) child.unref()
  process.on('exit', () => {
    for (const child of children) child.kill('SIGKILL')
  })
  return children.map((child) => child.pid)
}

/** The file that a hook reads as its payload. */
export function payload(folder, cwd) {
  const file = join(folder, 'payload.json')
  writeFileSync(file, JSON.stringify({ session_id: 'bench', cwd, source: 'startup' }))
  return file
}

/** Registers a process as a session, as its client's hook does. */
export function register(pid, cwd, env) {
  const input = JSON.stringify({ session_id: `bench-${pid}`, cwd, source: 'startup' })
  run([programs.hook, 'SessionStart'], { cwd, env: { ...env, CLAUDE_PID: String(pid) }, input })
}

const DAY = 86_400

/** A history for `git fast-import`: main, and branches that landed by merge or squash, or have not. */
function historyText({ trees, files }) {
  const lines = []
  let time = 1_700_000_000
  let mark = 0
  const commit = (ref, parents, changes) => {
    mark += 1
    time += 60
    lines.push(`commit ${ref}`, `mark :${mark}`, `committer Bench <bench@example.invalid> ${time} +0000`)
    lines.push('data 1', 'x', ...parents.map((id, i) => `${i === 0 ? 'from' : 'merge'} :${id}`))
    for (const [path, text] of changes)
      lines.push(`M 100644 inline ${path}`, `data ${Buffer.byteLength(text)}`, text)
    lines.push('')
    return mark
  }
  const text = (i, version) =>
    Array.from({ length: 40 }, (_, n) => `file ${i} line ${n}${n === 7 ? ` version ${version}` : ''}\n`).join(
      '',
    )
  const path = (i) => `src/part${i % 20}/file${i}.txt`
  let main = commit(
    'refs/heads/main',
    [],
    Array.from({ length: files }, (_, i) => [path(i), text(i, 0)]),
  )
  for (let i = 0; i < trees; i += 1) {
    const ref = `refs/heads/work-${i}`
    const edits = [[path(i), text(i, 1)]]
    const one = commit(ref, [main], edits)
    const tip = commit(ref, [one], [[`src/new/file${i}.txt`, `new ${i}\n`]])
    const all = [...edits, [`src/new/file${i}.txt`, `new ${i}\n`]]
    if (i % 4 === 0) main = commit('refs/heads/main', [main, tip], all)
    if (i % 4 === 1) main = commit('refs/heads/main', [main], all)
    time += DAY / 24
    for (let n = 0; n < 4; n += 1)
      main = commit('refs/heads/main', [main], [[path(files - 1 - ((i + n) % 40)), text(i, `m${n}`)]])
  }
  return `${lines.join('\n')}\n`
}

/** A repository with many trees and refs: as after weeks of work by many agents. Every eighth tree has changes. */
export function bigHistory(path, env, { trees, refs, files }) {
  mkdirSync(path, { recursive: true })
  const git = (args, input = '') => run(['git', ...args], { cwd: path, env, input })
  git(['init', '-q', '-b', 'main'])
  git(['fast-import', '--quiet'], historyText({ trees, files }))
  git(['reset', '-q', '--hard'])
  const commits = git(['rev-list', 'main']).trim().split('\n')
  const others = refs - trees - 1
  const names = Array.from({ length: others }, (_, i) =>
    i % 3 === 0 ? `refs/tags/v${i}` : `refs/remotes/origin/topic-${i}`,
  )
  const created = names.map((name, i) => `create ${name} ${commits[i % commits.length]}\n`)
  git(['update-ref', '--stdin'], created.join(''))
  git(['update-ref', 'refs/remotes/origin/main', 'main'])
  git(['symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main'])
  git(['pack-refs', '--all'])
  git(['gc', '--quiet'])
  for (let i = 0; i < trees; i += 1) {
    const tree = join(path, '..', 'repo-worktrees', `work-${i}`)
    git(['worktree', 'add', '-q', tree, `work-${i}`])
    if (i % 8 === 0) {
      writeFileSync(join(tree, 'notes.txt'), 'untracked\n')
      writeFileSync(join(tree, 'src/part0/file0.txt'), 'changed\n')
    }
  }
}

/** A repository of many small files, some 3 kB each, that are no two alike. */
export function manyFiles(path, env, count) {
  mkdirSync(path, { recursive: true })
  const git = (args, input = '') => run(['git', ...args], { cwd: path, env, input })
  git(['init', '-q', '-b', 'main'])
  const parts = [
    'commit refs/heads/main\ncommitter Bench <bench@example.invalid> 1700000000 +0000\ndata 1\nx\n',
  ]
  for (let i = 0; i < count; i += 1) {
    const text = Array.from(
      { length: 60 },
      (_, n) => `file ${i} line ${n} holds the number ${(i * 7919 + n * 104729) % 1000003}\n`,
    )
    const body = text.join('')
    parts.push(`M 100644 inline src/${i % 50}/${(i >> 3) % 50}/file${i}.txt\ndata ${body.length}\n${body}\n`)
  }
  git(['fast-import', '--quiet'], parts.join(''))
  git(['reset', '-q', '--hard'])
}
