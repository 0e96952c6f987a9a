import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, sleeper } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { type Installed, installed, statusOf } from './program.js'

/** Writes what it sees into a file, then waits until it is told to end. */
const REPORTER = `
const { writeFileSync, readFileSync, existsSync } = require('node:fs')
const out = process.env.REPORT
const input = readFileSync(0, 'utf8')
writeFileSync(out, JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd(), pid: process.pid, id: process.env.PARALLEL_CC_SESSION_ID, input }))
process.exitCode = Number(process.env.CODE ?? 0)
`

/** Lives until a signal ends it; says so in a file. */
const WAITER = `
require('node:fs').writeFileSync(process.env.REPORT, String(process.pid))
process.on('SIGINT', () => process.exit(7))
setInterval(() => {}, 1000)
`

function report(it: Installed, name = 'report.json'): string {
  return join(it.repo.base, name)
}

async function another(it: Installed): Promise<void> {
  const first = await sleeper()
  expect((await it.run(['start', '--no-launch', '--pid', String(first.pid)])).code).toBe(0)
}

describe('the agent that is launched', () => {
  test('gets its arguments, input, tree and session id; its exit code is passed on; its session ends with it', async () => {
    const it = installed()
    it.agent('claude', REPORTER)
    await another(it)
    const args = ['start', '--name', 'work', '--', '-p', 'say "hi"; rm -rf $HOME', '']
    const ran = await it.run(args, { input: 'typed', env: { REPORT: report(it), CODE: '42' } })
    expect(ran.code).toBe(42)
    expect(ran.stdout).toBe('')
    const seen = JSON.parse(readFileSync(report(it), 'utf8')) as Record<string, unknown>
    expect(seen).toMatchObject({
      args: ['-p', 'say "hi"; rm -rf $HOME', ''],
      cwd: join(it.repo.base, 'repo-worktrees', 'work'),
      input: 'typed',
      id: expect.stringMatching(/^[a-z0-9]+$/) as string,
    })
    expect((await statusOf(it)).totalSessions).toBe(1)
    expect(existsSync(join(it.repo.base, 'repo-worktrees', 'work'))).toBe(false)
  })

  test('starts in the folder of its tree that the person stands in', async () => {
    const it = installed({ files: { 'deep/er/a.txt': 'a' } })
    it.agent('claude', REPORTER)
    await another(it)
    await it.run(['start', '--name', 'work'], {
      cwd: join(it.repo.root, 'deep/er'),
      env: { REPORT: report(it) },
    })
    const seen = JSON.parse(readFileSync(report(it), 'utf8')) as { cwd: string }
    expect(seen.cwd).toBe(join(it.repo.base, 'repo-worktrees/work/deep/er'))
  })

  test('that is killed by a signal makes 128 and the signal', async () => {
    const it = installed()
    it.agent('claude', 'process.kill(process.pid, "SIGKILL")')
    expect((await it.run(['start'])).code).toBe(137)
    expect((await statusOf(it)).totalSessions).toBe(0)
  })

  test('is the session: its pid, not the wrapper’s, and it lives on when the wrapper is killed', async () => {
    const it = installed()
    it.agent('claude', WAITER)
    const wrapper = it.begin(['start', '--name', 'work'], { env: { REPORT: report(it) } })
    const pid = Number(
      await eventually('the agent runs', () => existsSync(report(it)) && readFileSync(report(it), 'utf8')),
    )
    try {
      expect((await statusOf(it)).sessions).toMatchObject([{ pid, isAlive: true, status: 'active' }])
      expect(pid).not.toBe(wrapper.pid)
      wrapper.child.kill('SIGKILL')
      await wrapper.exited
      expect((await statusOf(it)).sessions).toMatchObject([{ pid, isAlive: true, status: 'active' }])
    } finally {
      process.kill(pid, 'SIGKILL')
    }
    await eventually('the session is dead', async () => (await statusOf(it)).sessions[0]?.isAlive === false)
  })

  test.each([
    ['SIGINT', 7],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('gets the wrapper’s %s', async (signal, code) => {
    const it = installed()
    it.agent('claude', WAITER)
    const wrapper = it.begin(['start'], { env: { REPORT: report(it) } })
    await eventually('the agent runs', () => existsSync(report(it)))
    wrapper.child.kill(signal)
    expect((await wrapper.done).code).toBe(code)
    expect((await statusOf(it)).totalSessions).toBe(0)
  })

  test('leaves a tree with work in it, and the wrapper says how to return', async () => {
    const it = installed()
    it.agent('claude', `require('node:fs').writeFileSync('new.txt', 'new')`)
    await another(it)
    const ran = await it.run(['start', '--name', 'work'])
    const tree = join(it.repo.base, 'repo-worktrees', 'work')
    expect(ran.code).toBe(0)
    expect(ran.stderr).toContain(`kept ${tree}`)
    expect(ran.stderr).toContain(`parallel-cc start --isolation never --repo ${tree}`)
    expect(readFileSync(join(tree, 'new.txt'), 'utf8')).toBe('new')
  })
})

describe('an agent that cannot be launched', () => {
  test.each([
    ['is not there', 'no-such-agent', /'no-such-agent' is not on the search path/, 6],
    ['needs a shell', 'claude | tee log', /'\|'/, 2],
    ['is nothing', ' ', /empty/, 2],
    ['is this program', 'claude-parallel', /parallel-cc itself/, 6],
  ])('because it %s: nothing is made', async (_name, agent, message, code) => {
    const it = installed()
    await another(it)
    const ran = await it.run(['start', '--agent', agent])
    expect(ran).toMatchObject({ code, stdout: '' })
    expect(ran.stderr).toMatch(message)
    expect((await statusOf(it)).totalSessions).toBe(1)
    expect(existsSync(join(it.repo.base, 'repo-worktrees'))).toBe(false)
  })
})

describe('claude-parallel', () => {
  test('is start with all its arguments for the agent, and shares the client’s name', async () => {
    const it = installed()
    it.agent('claude', REPORTER)
    await another(it)
    const args = ['-p', '--name', 'backend', 'go']
    const ran = await it.run(args, { as: 'claude-parallel', env: { REPORT: report(it), CODE: '3' } })
    expect(ran.code).toBe(3)
    const seen = JSON.parse(readFileSync(report(it), 'utf8')) as { args: string[]; cwd: string }
    expect(seen.args).toEqual(args)
    expect(seen.cwd).toBe(join(it.repo.base, 'repo-worktrees', 'backend'))
  })

  test.each([
    ['outside a repository', ['-p', 'go'], 'base'],
    ['for a subcommand', ['mcp', 'list'], 'root'],
    ['for --version', ['--version'], 'root'],
    ['for a background session', ['--bg', 'go'], 'root'],
  ] as const)('%s runs the agent as it is', async (_name, args, place) => {
    const it = installed()
    it.agent('claude', REPORTER)
    const cwd = it.repo[place]
    const ran = await it.run(args, { as: 'claude-parallel', cwd, env: { REPORT: report(it), CODE: '9' } })
    expect(ran.code).toBe(9)
    const seen = JSON.parse(readFileSync(report(it), 'utf8')) as { args: string[]; cwd: string; id?: string }
    expect(seen).toMatchObject({ args, cwd })
    expect(seen.id).toBeUndefined()
    expect((await statusOf(it)).totalSessions).toBe(0)
  })

  test.each([[['-w', 'mine']], [['--worktree']], [['--worktree=mine']]])(
    'makes no tree for a client that makes one itself: %j',
    async (args) => {
      const it = installed()
      it.agent('claude', REPORTER)
      await another(it)
      await it.run(args, { as: 'claude-parallel', env: { REPORT: report(it) } })
      const seen = JSON.parse(readFileSync(report(it), 'utf8')) as { args: string[]; cwd: string }
      expect(seen).toMatchObject({ args, cwd: it.repo.root })
      expect(existsSync(join(it.repo.base, 'repo-worktrees'))).toBe(false)
    },
  )

  test('tells that --continue finds nothing in another tree, and only then', async () => {
    const it = installed()
    it.agent('claude', REPORTER)
    const run = (args: string[]) => it.run(args, { as: 'claude-parallel', env: { REPORT: report(it) } })
    expect((await run(['-p', 'go', '--continue'])).stderr).toBe('')
    await another(it)
    expect((await run(['-p', 'go', '-c'])).stderr).toContain('--resume ID')
    expect((await run(['-p', 'go', '--', '--continue'])).stderr).not.toContain('--resume')
  })

  test('honours the agent of the settings', async () => {
    const it = installed()
    it.agent('other', REPORTER)
    await it.run(['config', 'set', 'agent', 'other --first'])
    await it.run(['-x'], { as: 'claude-parallel', env: { REPORT: report(it) } })
    expect((JSON.parse(readFileSync(report(it), 'utf8')) as { args: string[] }).args).toEqual([
      '--first',
      '-x',
    ])
  })
})

test('a reader that goes away ends the program quietly', async () => {
  const it = installed()
  writeFileSync(join(it.repo.base, 'x'), '')
  const running = it.begin(['status', '--watch', '--json'])
  await eventually('the first line', () => running.stdout() !== '')
  running.child.stdout?.destroy()
  running.child.kill('SIGINT')
  expect(await running.done).toMatchObject({ stderr: '' })
})
