import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { eventually, sleeper, writeFiles } from '@pcc/test-kit'
import { expect, test } from 'vitest'
import { filesOf } from '../../packages/worktree/test/nothing-lost/ground.js'
import { type Installed, installed, statusOf } from './program.js'
import { leftovers, processesOf, stateOf, treesFolder } from './state.js'

const ROUNDS = process.env['PCC_DEEP'] === '1' ? 200 : 15
const SEED = Number(process.env['PCC_SEED'] ?? 20_260_104)

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

interface Removals {
  removals: { id: string; path: string }[]
}

/** A tree with work in it that no command may lose. */
async function busyTree(it: Installed): Promise<{ path: string; look(): object }> {
  const client = await sleeper()
  const args = [
    'start',
    '--no-launch',
    '--name',
    'busy',
    '--isolation',
    'always',
    '--pid',
    String(client.pid),
  ]
  expect((await it.run(args)).code).toBe(0)
  await client.kill()
  const path = join(treesFolder(it), 'busy')
  it.repo.commit('work', { 'work.txt': 'one\n' }, path)
  writeFiles(path, { 'README.md': 'staged\n' })
  it.repo.gitIn(path, 'add', '-A')
  writeFiles(path, { 'README.md': 'unstaged\n', untracked: 'u' })
  symlinkSync('nowhere', join(path, 'link'))
  const git = (...words: string[]) => it.repo.gitIn(path, '--no-optional-locks', ...words)
  return {
    path,
    look: () => ({
      files: filesOf(path, ['.git']),
      index: git('ls-files', '-s', '-z'),
      status: git('status', '--porcelain=v2', '--branch', '-z'),
      reflog: git('reflog', 'show', 'refs/heads/busy'),
    }),
  }
}

/** Brings the tree back if it has been removed. */
async function bringBack(it: Installed, path: string): Promise<void> {
  if (existsSync(path)) return
  const { removals } = (await it.run(['restore', '--json'])).json<Removals>()
  const removal = removals.find((row) => row.path === path)
  expect(removal, `${path} is neither there nor can it come back`).toBeDefined()
  expect((await it.run(['restore', removal?.id as string])).code).toBe(0)
}

/** An agent that says who it is and waits. */
const AGENT = `
require('node:fs').writeFileSync(process.env.REPORT, String(process.pid))
setInterval(() => {}, 1000)
`

test(`${ROUNDS} kills at any time lose nothing, leave nothing and hide no agent (seed ${SEED})`, async () => {
  const it = installed()
  it.agent('claude', AGENT)
  const random = numbers(SEED)
  const busy = await busyTree(it)
  const before = busy.look()
  const discard = ['cleanup', '--discard', 'uncommitted,untracked,unlanded']

  for (let round = 1; round <= ROUNDS; round++) {
    const client = await sleeper()
    const pid = String(client.pid)
    const name = `round-${round}`
    const registering = ['start', '--no-launch', '--name', name, '--isolation', 'always', '--pid', pid]
    const choice = Math.floor(random() * 4)
    if (choice === 1) expect((await it.run(registering)).code).toBe(0)
    const commands = [registering, ['stop', name], discard, ['start', '--isolation', 'always']]
    const report = join(it.repo.base, `report-${round}`)
    const running = it.begin(commands[choice] as string[], { env: { REPORT: report } })
    const delay = Math.round(random() * 500)
    await Promise.race([after(delay), running.exited])
    running.child.kill('SIGKILL')
    await running.exited
    const what = `round ${round}: ${(commands[choice] as string[]).join(' ')} killed after ${delay} ms`

    // the program is dead: an agent that runs now was let go by it, and is a living session
    const known = new Set(
      (await statusOf(it)).sessions.filter((row) => row.isAlive).map((row) => String(row.pid)),
    )
    if (existsSync(report)) {
      const agent = readFileSync(report, 'utf8')
      expect(known.has(agent), `${what}: agent ${agent} is known`).toBe(true)
      process.kill(Number(agent), 'SIGKILL')
    }
    await client.kill()
    // an agent that had been let go and had not said so yet is known as well, and may be ended
    await eventually(`${what}: everybody is gone`, () => {
      for (const left of processesOf(it)) if (known.has(left)) process.kill(Number(left), 'SIGKILL')
      return processesOf(it).length === 0
    })

    expect((await it.run(['cleanup'])).code, what).toBe(0)
    await bringBack(it, busy.path)
    expect(busy.look(), what).toEqual(before)
    expect(leftovers(it), what).toEqual([])
    expect(stateOf(it), what).toMatchObject({ sessions: [], trees: [{ path: busy.path }] })
  }
}, 1_800_000)
