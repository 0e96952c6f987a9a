import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, sleeper, tempDir } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { type Installed, installed, statusOf } from './program.js'

interface Reply {
  hookSpecificOutput: { hookEventName: string; additionalContext: string }
}

const payload = (fields: Record<string, unknown>) => JSON.stringify(fields)

async function sessionStart(it: Installed, pid: number, fields: Record<string, unknown> = {}) {
  return it.run(['SessionStart'], {
    as: 'parallel-cc-hook',
    env: { CLAUDE_PID: String(pid) },
    input: payload({ session_id: 'c1', cwd: it.repo.root, source: 'startup', ...fields }),
  })
}

async function sessionEnd(it: Installed, pid: number, reason: string) {
  return it.run(['SessionEnd'], {
    as: 'parallel-cc-hook',
    env: { CLAUDE_PID: String(pid) },
    input: payload({ session_id: 'c1', cwd: it.repo.root, reason }),
  })
}

describe('SessionStart', () => {
  test('registers a client that nobody started through us; alone in the checkout it is told nothing', async () => {
    const it = installed()
    const client = await sleeper()
    expect(await sessionStart(it, client.pid)).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect((await statusOf(it)).sessions).toMatchObject([
      { pid: client.pid, isAlive: true, isMainRepo: true },
    ])
  })

  test('tells the model who else works here, and warns of a shared tree', async () => {
    const it = installed()
    const [one, two] = [await sleeper(), await sleeper()]
    await it.run([
      'start',
      '--no-launch',
      '--pid',
      String(one.pid),
      '--name',
      'back\u001bend'.replace('\u001b', ' '),
    ])
    const ran = await sessionStart(it, two.pid)
    const { hookSpecificOutput } = ran.json<Reply>()
    expect(hookSpecificOutput.hookEventName).toBe('SessionStart')
    expect(hookSpecificOutput.additionalContext).toContain('Other sessions at work in this repository: 1.')
    expect(hookSpecificOutput.additionalContext).toContain('back end')
    expect(hookSpecificOutput.additionalContext).toContain('THIS SAME tree')
  })

  test('keeps one session through /clear and /resume, joined by process', async () => {
    const it = installed()
    const client = await sleeper()
    for (const fields of [
      {},
      { session_id: 'c2', source: 'clear' },
      { session_id: 'c3', source: 'resume' },
    ]) {
      await sessionStart(it, client.pid, fields)
    }
    await sessionEnd(it, client.pid, 'clear')
    expect((await statusOf(it)).sessions).toMatchObject([{ pid: client.pid, isAlive: true }])
  })

  test('outside a repository does nothing and makes no noise', async () => {
    const it = installed()
    const client = await sleeper()
    expect(await sessionStart(it, client.pid, { cwd: tempDir() })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    })
  })
})

describe('SessionEnd', () => {
  test('returns at once, and ends the session when the client is gone', async () => {
    const it = installed()
    const client = await sleeper()
    await sessionStart(it, client.pid)
    expect(await sessionEnd(it, client.pid, 'prompt_input_exit')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    })
    expect((await statusOf(it)).totalSessions).toBe(1)
    await client.kill()
    await eventually('the session has ended', async () => (await statusOf(it)).totalSessions === 0)
  })

  test('of a session in a tree that start made takes the tree along when nothing is in it', async () => {
    const it = installed()
    const [one, two] = [await sleeper(), await sleeper()]
    await it.run(['start', '--no-launch', '--pid', String(one.pid)])
    await it.run(['start', '--no-launch', '--pid', String(two.pid), '--name', 'work'])
    const tree = join(it.repo.base, 'repo-worktrees', 'work')
    await sessionEnd(it, two.pid, 'other')
    await two.kill()
    await eventually('the removal is complete', async () => {
      const { removals } = (await it.run(['restore', '--json'])).json<{ removals: unknown[] }>()
      return removals.length === 1
    })
    expect(existsSync(tree)).toBe(false)
  })
})

describe('WorktreeCreate and WorktreeRemove', () => {
  const hook = (it: Installed, event: string, fields: Record<string, unknown>, pid: number) =>
    it.run([event], {
      as: 'parallel-cc-hook',
      env: { CLAUDE_PID: String(pid) },
      input: payload({ session_id: 'c1', cwd: it.repo.root, ...fields }),
    })

  test('make a tree of ours and print its path, and take it back when nothing is in it', async () => {
    const it = installed()
    const client = await sleeper()
    const tree = join(it.repo.base, 'repo-worktrees', 'fix-1')
    expect(await hook(it, 'WorktreeCreate', { name: 'fix 1' }, client.pid)).toMatchObject({
      code: 0,
      stdout: `${tree}\n`,
      stderr: '',
    })
    expect(existsSync(join(it.repo.root, '.git/worktrees/fix-1/parallel-cc.json'))).toBe(true)
    writeFileSync(join(tree, 'work.txt'), 'work')
    expect(await hook(it, 'WorktreeRemove', { worktree_path: tree }, client.pid)).toMatchObject({ code: 0 })
    expect(existsSync(join(tree, 'work.txt'))).toBe(true)
    rmSync(join(tree, 'work.txt'))
    expect(await hook(it, 'WorktreeRemove', { worktree_path: tree }, client.pid)).toMatchObject({ code: 0 })
    expect(existsSync(tree)).toBe(false)
  })

  test('a tree that the client itself still works in is taken back once the client is gone', async () => {
    const it = installed()
    const client = await sleeper()
    const made = await hook(it, 'WorktreeCreate', { name: 'own' }, client.pid)
    const tree = made.stdout.trim()
    await sessionStart(it, client.pid, { cwd: tree })
    await hook(it, 'WorktreeRemove', { worktree_path: tree, cwd: tree }, client.pid)
    expect(existsSync(tree)).toBe(true)
    await client.kill()
    await eventually('the tree is gone', () => !existsSync(tree))
    await eventually('the removal is complete', async () => {
      const { removals } = (await it.run(['restore', '--json'])).json<{ removals: unknown[] }>()
      return removals.length === 1
    })
  })

  test.each([
    ['outside a repository', { cwd: '/', name: 'x' }, 'not'],
    ['with a base that is none', { name: 'x' }, 'no commit'],
  ])(
    'a tree that cannot be made is refused %s, with the reason, and nothing is printed',
    async (_name, fields, why) => {
      const it = installed({ commit: false })
      const client = await sleeper()
      const ran = await hook(it, 'WorktreeCreate', fields, client.pid)
      expect(ran).toMatchObject({ code: 1, stdout: '' })
      expect(ran.stderr).toContain(why)
    },
  )

  test('a path that is no tree is passed over', async () => {
    const it = installed()
    const client = await sleeper()
    for (const worktree_path of [undefined, 7, '', '/', it.repo.root, join(it.repo.base, 'no')]) {
      expect(await hook(it, 'WorktreeRemove', { worktree_path }, client.pid)).toMatchObject({
        code: 0,
        stdout: '',
        stderr: '',
      })
    }
    expect(existsSync(it.repo.root)).toBe(true)
  })
})

test('mcp-serve is the MCP server, and ends when its client hangs up', async () => {
  const it = installed()
  const request = (id: number, method: string, params: object) =>
    `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`
  const clientInfo = { name: 'test', version: '1' }
  const input =
    request(0, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }) +
    request(1, 'tools/list', {}) +
    request(2, 'tools/call', { name: 'get_parallel_status', arguments: {} })
  const ran = await it.run(['mcp-serve'], { input })
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  const answers = ran.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: number; result: Record<string, unknown> })
  expect(answers.map((answer) => answer.id)).toEqual([0, 1, 2])
  expect(answers[0]?.result).toMatchObject({ serverInfo: { name: 'parallel-cc' } })
  expect(answers[2]?.result).toMatchObject({ structuredContent: { totalSessions: 0 } })
})

describe('whatever goes wrong, the agent works on', () => {
  test.each([
    ['no JSON', 'not json'],
    ['nothing', ''],
    ['an array', '[]'],
    ['wrong types', '{"session_id":7,"cwd":[],"source":{}}'],
    ['unknown fields and no others', '{"future":true}'],
    ['five megabytes', payload({ session_id: 'x', cwd: '/', junk: 'x'.repeat(5_000_000) })],
  ])('on %s as the payload', async (_name, input) => {
    const it = installed()
    for (const event of ['SessionStart', 'SessionEnd']) {
      const client = await sleeper()
      const ran = await it.run([event], {
        as: 'parallel-cc-hook',
        env: { CLAUDE_PID: String(client.pid) },
        input,
      })
      expect(ran).toMatchObject({ code: 0, stderr: '' })
    }
  })

  test('on a database that is none: one line in the log, and the database as it was', async () => {
    const it = installed()
    const home = it.env['PARALLEL_CC_HOME'] as string
    mkdirSync(home)
    const file = join(home, 'coordinator.db')
    writeFileSync(file, 'no database at all\n'.repeat(500))
    const client = await sleeper()
    expect(await sessionStart(it, client.pid)).toMatchObject({ code: 0, stdout: '', stderr: '' })
    const lines = readFileSync(join(home, 'logs', 'hooks.log'), 'utf8')
      .trim()
      .split('\n')
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      event: 'SessionStart',
      code: expect.stringMatching(/^STORE_/) as string,
    })
    expect(readFileSync(file, 'utf8')).toBe('no database at all\n'.repeat(500))
  })

  test('on a state folder that cannot be made', async () => {
    const it = installed()
    writeFileSync(join(it.repo.base, 'file'), '')
    const client = await sleeper()
    const ran = await it.run(['SessionStart'], {
      as: 'parallel-cc-hook',
      env: { CLAUDE_PID: String(client.pid), PARALLEL_CC_HOME: join(it.repo.base, 'file', 'home') },
      input: payload({ cwd: it.repo.root }),
    })
    expect(ran).toMatchObject({ code: 0, stdout: '', stderr: '' })
  })

  test('an event that there is not is told on stderr, and never with the code that blocks the agent', async () => {
    const ran = await installed().run(['Nothing'], { as: 'parallel-cc-hook' })
    expect(ran.code).toBe(1)
    expect(ran.stderr).toContain('SessionStart')
  })
})
