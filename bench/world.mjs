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
