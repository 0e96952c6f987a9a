import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gate, say, use, writeSettings } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import {
  type HookForm,
  occupyCheckout,
  onlyLeft,
  openDatabase,
  type RealProgram,
  realProgram,
} from './program.js'

const nested = (tag: string) => `claude -p '[[${tag}]] go' --dangerously-skip-permissions`

function hookLog(it: RealProgram): { event: string; code: string | null }[] {
  const file = join(it.env['PARALLEL_CC_HOME'] as string, 'logs', 'hooks.log')
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as { event: string; code: string | null })
}

describe('a client that nobody started through us', () => {
  test.each<[HookForm]>([['exec'], ['shell']])(
    'is a session from its start to its end, with hooks in %s form',
    async (hooks) => {
      const it = await realProgram({ hooks })
      const hold = gate()
      it.api.script('alpha', [say('hello', { gate: hold })])

      const client = it.direct({ prompt: '[[alpha]] hello' })
      await hold.reached
      const during = await it.sessions()
      hold.open()
      const ended = await client.done

      expect(during).toMatchObject([
        { pid: client.pid, isAlive: true, status: 'active', worktreePath: it.repo.root, branch: 'main' },
      ])
      expect(ended).toMatchObject({ code: 0, stderr: '' })
      await onlyLeft(it, [])
      expect(it.rows()).toMatchObject([
        { origin: 'hook', agentSessionId: ended.result?.session_id, endReason: 'exited' },
      ])
      expect(hookLog(it)).toEqual([])
      expect(it.api.textsSentToModel('alpha').join('\n')).not.toContain('parallel-cc')
    },
  )

  test('is told who else works in its checkout, with a warning', async () => {
    const it = await realProgram()
    const holds = [gate(), gate()] as const
    it.api.script('alpha', [say('hello', { gate: holds[0] })])
    it.api.script('beta', [say('hello', { gate: holds[1] })])
    const alpha = it.direct({ prompt: '[[alpha]] hello', args: ['--name', 'ann'] })
    await holds[0].reached
    const beta = it.direct({ prompt: '[[beta]] hello', args: ['--name', 'bob'] })
    await holds[1].reached
    const [ann, bob] = await it.sessions()
    for (const hold of holds) hold.open()
    const ended = await Promise.all([alpha.done, beta.done])

    expect(ended.map(({ code }) => code)).toEqual([0, 0])
    expect([ann, bob]).toMatchObject([
      { name: 'ann', pid: alpha.pid, isAlive: true },
      { name: 'bob', pid: beta.pid, isAlive: true },
    ])
    const told = it.api.textsSentToModel('beta').join('\n')
    expect(told).toContain(
      `you are session ${bob?.sessionId} in the main checkout, ${it.repo.root} on branch main.`,
    )
    expect(told).toContain(`- ann (session ${ann?.sessionId}) in THIS SAME tree on branch main`)
    expect(told).toContain('Somebody else edits the files of this very tree')
    expect(it.api.textsSentToModel('alpha').join('\n')).not.toContain('Other sessions')
    await onlyLeft(it, [])
  })

  test('that takes up a conversation again is told of as a resumed one, and is one row for each process', async () => {
    const it = await realProgram()
    it.api.script('alpha', [say('ALPHA-ANSWER')])
    it.api.script('beta', [say('BETA-ANSWER')])
    it.api.script('gamma', [say('GAMMA-ANSWER')])
    const first = await it.direct({ prompt: '[[alpha]] begin' }).done
    const conversation = first.result?.session_id as string
    const second = await it.direct({ prompt: '[[beta]] go on', args: ['--resume', conversation] }).done
    const third = await it.direct({ prompt: '[[gamma]] go on', args: ['--continue'] }).done

    const runs = [first, second, third]
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0])
    const answered = runs.map(({ events }) => events.find(({ subtype }) => subtype === 'hook_response'))
    expect(answered).toMatchObject(
      ['startup', 'resume', 'resume'].map((source) => ({
        hook_name: `SessionStart:${source}`,
        outcome: 'success',
      })),
    )
    await onlyLeft(it, [])
    const byPid = (a: { pid: number }, b: { pid: number }) => a.pid - b.pid
    expect(it.rows().toSorted(byPid)).toMatchObject(
      runs.map(({ pid }) => ({ pid, agentSessionId: conversation, endReason: 'exited' })).toSorted(byPid),
    )
  })

  test('does not wait for its session to end: the SessionEnd hook returns while it lives', async () => {
    const it = await realProgram()
    const notes = join(it.repo.base, 'hook-returned')
    const hook = join(it.bin, 'parallel-cc-hook')
    it.agent(
      'watched-hook',
      `const { spawnSync } = require('node:child_process')
      const { status } = spawnSync(${JSON.stringify(hook)}, ['SessionEnd'], { stdio: 'inherit' })
      process.kill(Number(process.env.CLAUDE_PID), 0)
      require('node:fs').writeFileSync(${JSON.stringify(notes)}, 'returned ' + status)`,
    )
    const entry = (command: string, args: string[]) => [{ hooks: [{ type: 'command', command, args }] }]
    const hooks = {
      SessionStart: entry(hook, ['SessionStart']),
      SessionEnd: entry(join(it.bin, 'watched-hook'), []),
    }
    writeSettings(it.repo.home, { hooks })
    it.api.script('alpha', [say('hello')])

    const ended = await it.direct({ prompt: '[[alpha]] hello' }).done

    expect(ended).toMatchObject({ code: 0, stderr: '', result: { result: 'hello' } })
    expect(readFileSync(notes, 'utf8')).toBe('returned 0')
    await onlyLeft(it, [])
  })
})

describe('a client that a client started', () => {
  test.each(['direct', 'parallel'] as const)(
    'is a session of its own and takes nothing from the outer one (%s)',
    async (way) => {
      const it = await realProgram()
      const inner = gate()
      const outer = gate()
      it.api.script('inner', [say('INNER-ANSWER', { gate: inner })])
      it.api.script('outer', [
        use('Bash', { command: nested('inner'), description: 'ask another' }),
        say('OUTER-ANSWER', { gate: outer }),
      ])
      const client = it[way]({ prompt: '[[outer]] go', args: ['--name', 'outer'] })
      await inner.reached
      const both = await it.sessions()
      inner.open()
      await outer.reached
      await onlyLeft(it, ['outer'])
      const [alone] = await it.sessions()
      outer.open()

      const ended = await client.done
      expect(ended).toMatchObject({ code: 0, result: { result: 'OUTER-ANSWER' } })
      expect(both).toMatchObject([
        { name: 'outer', isAlive: true },
        { name: null, isAlive: true, worktreePath: it.repo.root },
      ])
      expect(alone).toMatchObject({ sessionId: both[0]?.sessionId, pid: both[0]?.pid, isAlive: true })
      expect(it.api.textsSentToModel('inner').join('\n')).toContain(
        `- outer (session ${both[0]?.sessionId}) in THIS SAME tree`,
      )
      await onlyLeft(it, [])
      expect(it.rows()).toMatchObject([
        { agentSessionId: ended.result?.session_id, pid: both[0]?.pid },
        { pid: both[1]?.pid, origin: 'hook' },
      ])
    },
  )
})

describe('a client that makes a worktree for itself', () => {
  test.each(['direct', 'parallel'] as const)('is a session of that tree (%s)', async (way) => {
    const it = await realProgram()
    await occupyCheckout(it)
    const hold = gate()
    it.api.script('alpha', [say('hello', { gate: hold })])

    const client = it[way]({ prompt: '[[alpha]] hello', args: ['--worktree', 'mine'] })
    await hold.reached
    const [, own] = await it.sessions()
    hold.open()

    expect((await client.done).code).toBe(0)
    const tree = join(it.repo.root, '.claude', 'worktrees', 'mine')
    expect(own).toMatchObject({ worktreePath: tree, branch: 'worktree-mine', isMainRepo: false })
    const told = it.api.textsSentToModel('alpha').join('\n')
    expect(told).toContain(`in a linked git worktree of your own, ${tree} on branch worktree-mine.`)
    expect(told).not.toContain('THIS SAME tree')
    await onlyLeft(it, ['first'])
    expect(it.repo.git('worktree', 'list')).toContain(`${tree} `)
    expect(existsSync(join(it.repo.base, 'repo-worktrees'))).toBe(false)
  })
})

describe('a client below another program', () => {
  test('that was launched as the agent is that session’s process, one after the other', async () => {
    const it = await realProgram()
    await occupyCheckout(it)
    const holds = [gate(), gate()] as const
    it.api.script('one', [say('ONE', { gate: holds[0] })])
    it.api.script('two', [say('TWO', { gate: holds[1] })])
    const script = join(it.bin, 'twice.sh')
    writeFileSync(script, `#!/bin/sh\n${nested('one')} || exit\n${nested('two')} || exit\nexit 5\n`, {
      mode: 0o755,
    })
    const wrapper = it.parallelCc(['start', '--name', 'twice', '--agent', 'twice.sh'])
    await holds[0].reached
    const [, first] = await it.sessions()
    holds[0].open()
    await holds[1].reached
    const during = await it.sessions()
    holds[1].open()

    expect((await wrapper.done).code).toBe(5)
    expect(during).toMatchObject([
      { name: 'first' },
      { name: 'twice', sessionId: first?.sessionId, isAlive: true },
    ])
    expect(during[1]?.pid).not.toBe(first?.pid)
    expect(it.rows()).toHaveLength(2)
    expect(it.api.textsSentToModel('two').join('\n')).not.toContain('THIS SAME tree')
    await onlyLeft(it, ['first'])
  })

  test('that was registered itself, as a shell, joins that session, one after the other', async () => {
    const it = await realProgram()
    it.api.script('one', [say('ONE')])
    it.api.script('two', [say('TWO')])
    const script = join(it.bin, 'shell.sh')
    const register = 'parallel-cc start --no-launch --pid $$ --name shell > /dev/null'
    const text = `#!/bin/sh\n${register}\n${nested('one')}\n${nested('two')}\n`
    writeFileSync(script, text, { mode: 0o755 })

    const shell = it.program(script)

    expect((await shell.done).code).toBe(0)
    expect(it.rows()).toMatchObject([{ pid: shell.pid, origin: 'start' }])
    for (const tag of ['one', 'two']) {
      expect(it.api.requestsOf(tag)).toHaveLength(1)
      expect(it.api.textsSentToModel(tag).join('\n')).not.toContain('Other sessions')
    }
  })
})

describe('whatever is wrong with the database, the client works on', () => {
  const editing = (it: RealProgram) => {
    const file = join(it.repo.root, 'new.txt')
    it.api.script('alpha', [use('Write', { file_path: file, content: 'written\n' }), say('done')])
    return file
  }

  test('when it is broken', async () => {
    const it = await realProgram()
    const home = it.env['PARALLEL_CC_HOME'] as string
    mkdirSync(home)
    writeFileSync(join(home, 'coordinator.db'), 'no database\n'.repeat(1000))
    const file = editing(it)

    const ended = await it.direct({ prompt: '[[alpha]] write' }).done

    expect(ended).toMatchObject({ code: 0, stderr: '', result: { result: 'done' } })
    expect(readFileSync(file, 'utf8')).toBe('written\n')
    expect(hookLog(it)).toMatchObject([
      { event: 'SessionStart', code: 'STORE_NOT_A_DATABASE' },
      { event: 'SessionEnd', code: 'STORE_NOT_A_DATABASE' },
    ])
    expect(readFileSync(join(home, 'coordinator.db'), 'utf8')).toBe('no database\n'.repeat(1000))
  })

  test('when another process holds it for writing', async () => {
    const it = await realProgram()
    await occupyCheckout(it)
    const file = editing(it)
    const database = openDatabase(it)
    database.exec('begin immediate')

    const ended = await it.direct({ prompt: '[[alpha]] write' }).done
    database.exec('rollback')
    database.close()

    expect(ended).toMatchObject({ code: 0, stderr: '', result: { result: 'done' } })
    expect(readFileSync(file, 'utf8')).toBe('written\n')
    expect(hookLog(it)).toMatchObject([{ event: 'SessionStart', code: 'STORE_BUSY' }])
    expect((await it.sessions()).map(({ name }) => name)).toEqual(['first'])
  })
})
