import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, sleeper } from '@pcc/test-kit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { changeRows, rowsOf } from './database.js'
import { type Installed, installed, statusOf } from './program.js'
import { leftovers, treesFolder } from './state.js'
import { handOver, isRoot, takeBack, UNPRIVILEGED } from './users.js'

interface Decisions {
  worktrees: { action: string; reasons: string[] }[]
  endedSessions: { pid: number }[]
}

const NAMESPACE = [
  'unshare',
  ...(isRoot ? [] : ['--user', '--map-root-user']),
  '--pid',
  '--fork',
  '--mount-proc',
  '--',
]

function allowed(command: readonly string[]): boolean {
  try {
    execFileSync(command[0] as string, [...command.slice(1), 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function args(pid: number): string[] {
  return ['start', '--no-launch', '--json', '--name', 'work', '--isolation', 'always', '--pid', String(pid)]
}

async function session(it: Installed): Promise<{ pid: number; tree: string; kill(): Promise<void> }> {
  const client = await sleeper()
  expect((await it.run(args(client.pid))).code).toBe(0)
  return { ...client, tree: join(treesFolder(it), 'work') }
}

async function cleanUp(it: Installed, through: readonly string[] = []): Promise<Decisions> {
  return (await it.run(['cleanup', '--json'], { through })).json<Decisions>()
}

async function isAlive(it: Installed, through: readonly string[] = []): Promise<boolean[]> {
  const ran = await it.run(['status', '--json'], { through })
  return ran.json<{ sessions: { isAlive: boolean }[] }>().sessions.map((row) => row.isAlive)
}

function ago(minutes: number): string {
  return new Date(Date.now() - minutes * 60_000).toISOString()
}

async function expectKeptAlive(it: Installed, through: readonly string[] = []): Promise<void> {
  expect(await isAlive(it, through)).toEqual([true])
  expect(await cleanUp(it, through)).toMatchObject({
    endedSessions: [],
    worktrees: [{ action: 'kept', reasons: ['live-session'] }],
  })
  expect(existsSync(join(treesFolder(it), 'work'))).toBe(true)
}

describe('a reused pid is not the session', () => {
  test('when another process of that pid began at another time', async () => {
    const it = installed()
    const { pid, tree } = await session(it)
    const [row] = rowsOf<{ process_start: string }>(it, 'SELECT process_start FROM sessions')
    const [boot, ticks] = (row?.process_start ?? '').split(':')
    // the session began one clock tick before the process that has its pid now
    changeRows(it, 'UPDATE sessions SET process_start = ?', `${boot}:${Number(ticks) - 1}`)
    expect(await isAlive(it)).toEqual([false])

    expect((await it.run(['start', '--no-launch', '--json', '--pid', String(pid)])).json()).toMatchObject({
      isNew: true,
      isMainRepo: true,
    })
    expect(await isAlive(it)).toEqual([false, true])
    expect(await cleanUp(it)).toMatchObject({ endedSessions: [{ pid }], worktrees: [{ action: 'removed' }] })
    expect(existsSync(tree)).toBe(false)
    expect((await statusOf(it)).sessions).toMatchObject([{ pid, isAlive: true }])
  })

  // where pids can be had at will, a real reuse
  test.runIf(allowed(NAMESPACE))('when the system gave a dead one’s pid to a new process', async () => {
    const it = installed()
    const script = `set -e
      sleep 600 & old=$!
      parallel-cc start --no-launch --json --name work --isolation always --pid $old >/dev/null
      parallel-cc status --json
      { kill -9 $old; wait $old; } 2>/dev/null || true
      echo $((old - 1)) > /proc/sys/kernel/ns_last_pid
      sleep 600 & new=$!
      test $old = $new
      parallel-cc status --json
      parallel-cc start --no-launch --json --pid $new
      parallel-cc cleanup --json
      kill -9 $new`
    const ran = await it.run([], { through: [...NAMESPACE, 'sh', '-c', script, 'sh'] })
    expect(ran.stderr).toBe('')
    const [before, after, started, cleaned] = ran.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object)
    expect(before).toMatchObject({ sessions: [{ isAlive: true }] })
    expect(after).toMatchObject({ sessions: [{ isAlive: false }] })
    expect(started).toMatchObject({ isNew: true })
    expect(cleaned).toMatchObject({ endedSessions: [{ name: 'work' }], worktrees: [{ action: 'removed' }] })
  })
})

describe('a session lives as long as its process', () => {
  test('though it has been silent for a day, or for a year', async () => {
    const it = installed()
    const client = await session(it)
    for (const days of [1, 365]) {
      changeRows(
        it,
        'UPDATE sessions SET last_heartbeat = ?, started_at = ?',
        ago(days * 1440),
        ago(days * 1440),
      )
      await expectKeptAlive(it)
    }
    await client.kill()
    expect(await isAlive(it)).toEqual([false])
    expect(await cleanUp(it)).toMatchObject({ worktrees: [{ action: 'removed' }] })
  })

  test('though that is another user’s', async () => {
    const it = installed()
    const pid = isRoot ? (await sleeper()).pid : 1
    handOver(it)
    expect((await it.run(args(pid), { through: UNPRIVILEGED })).code).toBe(0)
    await expectKeptAlive(it, UNPRIVILEGED)
    takeBack(it)
    expect(leftovers(it)).toEqual([])
  })

  const HIDING = [
    'unshare',
    '--mount',
    '--',
    'sh',
    '-c',
    'mount -t proc -o hidepid=2 proc /proc && exec "$@"',
    'sh',
  ]
  test.runIf(isRoot && allowed(HIDING))('though the system hides that from us', async () => {
    const it = installed()
    const { pid } = await session(it)
    handOver(it)
    const through = [...HIDING, ...UNPRIVILEGED]
    const look = `process.exit(require('fs').existsSync('/proc/${pid}/stat') ? 1 : 0)`
    const seen = await it.run([], { through: [...through, process.execPath, '-e', look, '--'] })
    expect(seen.code).toBe(0)
    await expectKeptAlive(it, through)
  })

  test('and not while only its zombie is left', async () => {
    const it = installed()
    // a parent that never asks for its child's end
    const parent = spawn('sh', ['-c', 'sleep 600 & echo $!; exec sleep 600'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    onTestFinished(() => void parent.kill('SIGKILL'))
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const pid = Number(line)
    expect((await it.run(args(pid))).code).toBe(0)
    process.kill(pid, 'SIGKILL')
    await eventually('it is a zombie', () => / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')))
    expect(await isAlive(it)).toEqual([false])
    expect((await it.run(['start', '--no-launch', '--pid', String(pid)])).code).toBe(5)
    expect(await cleanUp(it)).toMatchObject({ endedSessions: [{ pid }], worktrees: [{ action: 'removed' }] })
  })
})

describe('a session of another host', () => {
  test('is judged by its heartbeat alone: a process of its pid here says nothing', async () => {
    const it = installed()
    const client = await session(it)
    changeRows(it, `UPDATE sessions SET host = 'elsewhere', last_heartbeat = ?`, ago(9))
    await expectKeptAlive(it)
    await client.kill()
    await expectKeptAlive(it)
    const living = await sleeper()
    changeRows(it, 'UPDATE sessions SET pid = ?, last_heartbeat = ?', living.pid, ago(11))
    expect(await isAlive(it)).toEqual([false])
    await it.run(['config', 'set', 'session.staleMinutes', '60'])
    await expectKeptAlive(it)
    await it.run(['config', 'unset', 'session.staleMinutes'])
    expect(await cleanUp(it)).toMatchObject({
      endedSessions: [{ pid: living.pid }],
      worktrees: [{ action: 'removed' }],
    })
  })

  test('does not become the session of a process here that has its pid', async () => {
    const it = installed()
    const { pid } = await session(it)
    changeRows(it, `UPDATE sessions SET host = 'elsewhere'`)
    const ran = await it.run(['start', '--no-launch', '--json', '--pid', String(pid)])
    expect(ran.json()).toMatchObject({ isNew: true, isMainRepo: false })
  })
})
