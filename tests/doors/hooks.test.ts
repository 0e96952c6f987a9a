import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
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
    const ran = await installed().run(['PreToolUse'], { as: 'parallel-cc-hook' })
    expect(ran.code).toBe(1)
    expect(ran.stderr).toContain('SessionStart')
  })
})
