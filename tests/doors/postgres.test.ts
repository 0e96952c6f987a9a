import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, type PostgresServer, sleeper, startPostgres } from '@pcc/test-kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { killAt } from './fault-points.js'
import { type Installed, installed, statusOf } from './program.js'
import { leftovers, treesFolder } from './state.js'

let server: PostgresServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(async () => {
  await server.stop()
})

async function onServer(): Promise<Installed> {
  const it = installed()
  const env = { ...it.env, PARALLEL_CC_DATABASE_URL: await server.createDatabase() }
  const begin: Installed['begin'] = (args, given = {}) =>
    it.begin(args, { ...given, env: { ...env, ...given.env } })
  return { ...it, env, begin, run: (args, given) => begin(args, given).done }
}

function starting(pid: number): string[] {
  return ['start', '--no-launch', '--json', '--name', 'work', '--isolation', 'always', '--pid', String(pid)]
}

function hook(it: Installed, event: string, pid: number) {
  return it.run([event], {
    as: 'parallel-cc-hook',
    env: { CLAUDE_PID: String(pid) },
    input: JSON.stringify({ session_id: 'c1', cwd: it.repo.root, source: 'startup', reason: 'other' }),
  })
}

describe('on a PostgreSQL server', () => {
  test('a session starts, is seen, works, ends, is cleaned up and restored as on a file', async () => {
    const it = await onServer()
    const client = await sleeper()
    const tree = join(treesFolder(it), 'work')
    expect((await it.run(starting(client.pid))).json()).toMatchObject({ isNew: true, worktreePath: tree })
    expect((await it.run(starting(client.pid))).json()).toMatchObject({ isNew: false })
    expect((await statusOf(it)).sessions).toMatchObject([{ name: 'work', pid: client.pid, isAlive: true }])
    expect(await it.run(['heartbeat', 'work'])).toMatchObject({ code: 0, stderr: '' })

    writeFileSync(join(tree, 'new.txt'), 'new')
    expect((await it.run(['stop', 'work', '--json'])).json()).toMatchObject({
      tree: { reasons: ['untracked'] },
    })
    const cleaned = (await it.run(['cleanup', '--json', '--discard', 'untracked'])).json<{
      worktrees: { action: string; removalId: string }[]
    }>()
    expect(cleaned.worktrees).toMatchObject([{ action: 'removed' }])
    expect(existsSync(tree)).toBe(false)
    expect((await it.run(['restore', cleaned.worktrees[0]?.removalId as string])).code).toBe(0)
    expect(readFileSync(join(tree, 'new.txt'), 'utf8')).toBe('new')
    expect(leftovers(it)).toEqual([])
    expect(existsSync(join(it.env['PARALLEL_CC_HOME'] as string, 'coordinator.db'))).toBe(false)
  })

  test('six starts at once get one checkout and five trees', async () => {
    const it = await onServer()
    const clients = await Promise.all(Array.from({ length: 6 }, () => sleeper()))
    const ran = await Promise.all(
      clients.map(({ pid }) => it.run(['start', '--no-launch', '--json', '--pid', String(pid)])),
    )
    expect(ran.filter((one) => one.code !== 0 || one.stderr !== '')).toEqual([])
    expect(ran.filter((one) => one.json<{ isMainRepo: boolean }>().isMainRepo)).toHaveLength(1)
    expect((await statusOf(it)).totalSessions).toBe(6)
    expect(leftovers(it)).toEqual([])
  })

  test.each(['start:reserved', 'start:tree-made'])(
    'a start that is killed at %s is set right',
    async (point) => {
      const it = await onServer()
      const client = await sleeper()
      expect(await it.run(starting(client.pid), { env: killAt(point) })).toMatchObject({ signal: 'SIGKILL' })
      expect((await statusOf(it)).sessions).toMatchObject([{ isAlive: false, status: 'starting' }])
      expect((await it.run(starting(client.pid))).json()).toMatchObject({ isNew: true })
      expect((await statusOf(it)).sessions).toMatchObject([{ isAlive: true, status: 'active' }])
      expect(leftovers(it)).toEqual([])
    },
  )

  test('hooks register and end sessions', async () => {
    const it = await onServer()
    const client = await sleeper()
    expect(await hook(it, 'SessionStart', client.pid)).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect((await statusOf(it)).sessions).toMatchObject([{ pid: client.pid, isAlive: true }])
    await hook(it, 'SessionEnd', client.pid)
    await client.kill()
    await eventually('the session has ended', async () => (await statusOf(it)).totalSessions === 0)
  })
})

describe('when the server is gone', () => {
  test('commands say so in two lines, hooks write one to their log, and an agent’s exit code passes through', async () => {
    const it = await onServer()
    const [client, other] = [await sleeper(), await sleeper()]
    expect((await it.run(starting(client.pid))).code).toBe(0)
    const begun = join(it.repo.base, 'begun')
    const end = join(it.repo.base, 'end')
    it.agent(
      'claude',
      `const { existsSync, writeFileSync } = require('node:fs')
       writeFileSync(${JSON.stringify(begun)}, '')
       setInterval(() => { if (existsSync(${JSON.stringify(end)})) process.exit(7) }, 20)`,
    )
    const wrapper = it.begin(['start'])
    await eventually('the agent runs', () => existsSync(begun))

    await server.kill()
    try {
      for (const args of [
        ['status'],
        ['list'],
        ['cleanup'],
        ['stop', 'work'],
        ['heartbeat', 'work'],
        starting(other.pid),
      ]) {
        const ran = await it.run(args)
        expect(ran).toMatchObject({ code: 6, stdout: '' })
        expect(ran.stderr).toMatch(/^parallel-cc: .*postgres:\/\/.*\n {2}\S.*\n$/)
      }
      const before = performance.now()
      expect(await hook(it, 'SessionStart', other.pid)).toMatchObject({ code: 0, stdout: '', stderr: '' })
      expect(performance.now() - before).toBeLessThan(5000)
      const log = join(it.env['PARALLEL_CC_HOME'] as string, 'logs', 'hooks.log')
      expect(readFileSync(log, 'utf8').trim().split('\n')).toHaveLength(1)

      writeFileSync(end, '')
      const ended = await wrapper.done
      expect(ended.code).toBe(7)
      expect(ended.stderr).toMatch(/postgres:\/\//)
      expect(existsSync(join(treesFolder(it), 'work', '.git'))).toBe(true)
    } finally {
      await server.restart()
    }
    const { worktrees } = (await it.run(['cleanup', '--json'])).json<{ worktrees: { action: string }[] }>()
    expect(worktrees.map((row) => row.action).toSorted()).toEqual(['kept', 'removed'])
    expect((await statusOf(it)).sessions).toMatchObject([{ name: 'work', isAlive: true }])
    expect(leftovers(it)).toEqual([])
  })

  test('a hook does not wait for a server that does not answer', async () => {
    const it = await onServer()
    const client = await sleeper()
    expect((await it.run(starting(client.pid))).code).toBe(0)
    server.freeze()
    try {
      const before = performance.now()
      expect(await hook(it, 'SessionStart', client.pid)).toMatchObject({ code: 0, stdout: '', stderr: '' })
      expect(performance.now() - before).toBeLessThan(5000)
    } finally {
      server.thaw()
    }
  })
})
