import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { eventually, sleeper } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { shell } from '../run.js'

interface Started {
  sessionId: string
  worktreePath: string
  isMainRepo: boolean
}

async function started(it: ReturnType<typeof shell>, ...args: string[]) {
  const agent = await sleeper()
  const ran = await it.run(['start', '--no-launch', '--pid', String(agent.pid), '--json', ...args])
  expect(ran.stderr).toBe('')
  return { ...ran.json<Started>(), agent }
}

describe('start --no-launch', () => {
  test('prints the session with all its fields and nothing else', async () => {
    const it = shell()
    const agent = await sleeper()
    const ran = await it.run(['start', '--no-launch', '--pid', String(agent.pid), '--name', 'one', '--json'])
    expect(ran.code).toBe(0)
    expect(ran.json()).toEqual({
      schemaVersion: 1,
      sessionId: expect.any(String) as string,
      name: 'one',
      worktreePath: it.repo.root,
      worktreeName: null,
      branch: 'main',
      base: it.repo.git('rev-parse', 'HEAD'),
      isMainRepo: true,
      isNew: true,
      parallelSessions: 1,
    })
  })

  test('registers the process that called when no pid is given', async () => {
    const it = shell()
    const caller = await sleeper()
    await it.run(['start', '--no-launch'], { parentPid: caller.pid })
    const { sessions } = (await it.run(['status', '--json'])).json<{ sessions: { pid: number }[] }>()
    expect(sessions.map((row) => row.pid)).toEqual([caller.pid])
  })

  test('tells a person where the session works', async () => {
    const it = shell()
    await started(it)
    const agent = await sleeper()
    const ran = await it.run(['start', '--no-launch', '--pid', String(agent.pid), '--name', 'two'])
    expect(ran.stdout).toBe(
      `session two in a tree of its own: ${join(it.repo.base, 'repo-worktrees', 'two')}\n`,
    )
  })

  test.each([
    ['a pid that is none', ['--pid', 'x'], 2, /'x' is no pid/],
    ['a pid that is nobody’s', ['--pid', '4194399'], 5, /there is no process 4194399/],
    ['an unknown isolation', ['--isolation', 'some'], 2, /isolation/],
    ['a name with a line break', ['--name', 'a\nb'], 2, /name/],
    ['an unknown base', ['--base', 'nowhere'], 2, /'nowhere' is not a commit/],
    ['arguments for an agent', ['--', '-p'], 2, /takes no arguments/],
  ])('refuses %s: what, then what to do next', async (_name, args, code, message) => {
    const it = shell()
    const caller = await sleeper()
    const ran = await it.run(['start', '--no-launch', ...args], { parentPid: caller.pid })
    expect(ran.code).toBe(code)
    expect(ran.stdout).toBe('')
    expect(ran.stderr).toMatch(message)
    expect(ran.stderr.trim().split('\n')).toHaveLength(2)
    expect((await it.run(['status', '--json'])).json().totalSessions).toBe(0)
  })

  test('--pid without --no-launch is refused', async () => {
    const ran = await shell().run(['start', '--pid', '1'])
    expect(ran).toMatchObject({ code: 2, stdout: '' })
  })
})

describe('status', () => {
  test('is a table for a person, cut to the terminal', async () => {
    const it = shell()
    await started(it, '--name', 'one')
    const two = await started(it, '--name', 'two')
    await two.agent.kill()
    const ran = await it.run(['status'], { columns: 60 })
    const lines = ran.stdout.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^SESSION +ID +STATE +PID +AGE +BRANCH +TREE$/)
    expect(lines[1]).toMatch(/^one +\w+ +active/)
    expect(lines[2]).toMatch(/^two +\w+ +dead/)
    expect(ran.stdout).toContain('1 dead: parallel-cc cleanup')
    expect(lines[1]?.endsWith('…')).toBe(true)
  })

  test('says that nobody works here', async () => {
    const it = shell()
    expect((await it.run(['status'])).stdout).toBe(`No sessions in ${it.repo.root}.\n`)
    expect((await it.run(['status', '--all'])).stdout).toBe('No sessions.\n')
  })

  test('outside a repository is a precondition that was not met', async () => {
    const it = shell()
    const ran = await it.run(['status', '--json'], { cwd: it.repo.base })
    expect(ran).toMatchObject({ code: 4, stdout: '' })
    expect(ran.stderr).toContain(it.repo.base)
  })

  test('--repo names the repository from anywhere, relative paths too', async () => {
    const it = shell()
    await started(it)
    const ran = await it.run(['status', '--json', '--repo', 'repo'], { cwd: it.repo.base })
    expect(ran.json().totalSessions).toBe(1)
  })

  test('--watch prints a document whenever something changed, until it is interrupted', async () => {
    const it = shell()
    const stop = new AbortController()
    const watching = it.run(['status', '--json', '--watch'], { interrupted: stop.signal })
    await wait(100)
    stop.abort()
    const ran = await watching
    expect(ran.code).toBe(0)
    expect(
      ran.stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { totalSessions: number }).totalSessions),
    ).toEqual([0])
  })
})

test('names with control characters cannot write to the terminal', async () => {
  const it = shell()
  it.repo.git('worktree', 'add', '-q', '-b', 'odd', join(it.repo.base, 'odd\u001b[31mred'))
  const ran = await it.run(['list'])
  expect(ran.stdout).not.toContain('\u001b')
  expect(ran.stdout).toContain('odd\\x1b[31mred')
})

describe('list', () => {
  test('shows each tree with its changes and what has landed', async () => {
    const it = shell()
    await started(it)
    const two = await started(it, '--name', 'two')
    writeFileSync(join(two.worktreePath, 'new'), '')
    const ran = await it.run(['list', '--disk'])
    expect(ran.stdout).toMatch(/two +\w+ +1 untracked +\+0 -0 +no-work +\d+ MB/)
    const { worktrees } = (await it.run(['list', '--json'])).json<{ worktrees: { name: string }[] }>()
    expect(worktrees.map((tree) => tree.name)).toEqual(['repo', 'two'])
  })
})

describe('stop', () => {
  test('ends the calling session and removes its empty tree', async () => {
    const it = shell()
    await started(it)
    const two = await started(it, '--name', 'two')
    const ran = await it.run(['stop'], { parentPid: two.agent.pid })
    expect(ran.code).toBe(0)
    expect(ran.stdout).toMatch(/^ended two\nremoved .*parallel-cc restore \w+ brings it back\n$/)
    expect(existsSync(two.worktreePath)).toBe(false)
  })

  test('keeps a tree with work in it, says why and how to return', async () => {
    const it = shell()
    await started(it)
    const two = await started(it, '--name', 'two')
    writeFileSync(join(two.worktreePath, 'new'), '')
    const ran = await it.run(['stop', 'two'])
    expect(ran.code).toBe(0)
    expect(ran.stdout).toContain(`kept ${two.worktreePath}: `)
    expect(ran.stdout).toContain(`parallel-cc start --isolation never --repo ${two.worktreePath}`)
    expect((await it.run(['stop', 'two'])).code).toBe(5)
  })

  test('as JSON tells what became of the tree', async () => {
    const it = shell()
    await started(it)
    await started(it, '--name', 'two')
    expect((await it.run(['stop', 'two', '--keep', '--json'])).json()).toMatchObject({
      outcome: 'ended',
      name: 'two',
      tree: { action: 'kept', reasons: ['keep'] },
    })
  })
})

describe('heartbeat', () => {
  test('moves the heartbeat of the named session, and of the one that calls', async () => {
    const it = shell()
    const one = await started(it)
    for (const [args, parentPid] of [
      [[one.sessionId], 1],
      [[], one.agent.pid],
    ] as const) {
      const ran = await it.run(['heartbeat', '--json', ...args], { parentPid })
      expect(ran.json()).toMatchObject({ sessionId: one.sessionId })
    }
  })

  test('of nobody is not found', async () => {
    const ran = await shell().run(['heartbeat'])
    expect(ran).toMatchObject({ code: 5, stdout: '' })
    expect(ran.stderr).toMatch(/no session/)
  })
})

describe('cleanup and restore', () => {
  test('what cleanup took, restore brings back', async () => {
    const it = shell()
    await started(it)
    const two = await started(it, '--name', 'two')
    writeFileSync(join(two.worktreePath, 'new'), 'precious')
    await two.agent.kill()
    const dry = await it.run(['cleanup', '--dry-run', '--discard', 'untracked'])
    expect(dry.stdout).toMatch(/^dry run, nothing was changed:\nended two /)
    const cleaned = await it.run(['cleanup', '--discard', 'untracked', '--json'])
    expect(cleaned.json()).toMatchObject({ worktrees: [{ action: 'removed', path: two.worktreePath }] })
    expect(existsSync(two.worktreePath)).toBe(false)
    const { removals } = (await it.run(['restore', '--json'])).json<{ removals: { id: string }[] }>()
    expect(removals).toHaveLength(1)
    expect((await it.run(['restore'])).stdout).toContain(removals[0]?.id)
    const back = await it.run(['restore', removals[0]?.id as string])
    expect(back).toMatchObject({ code: 0, stdout: `restored ${two.worktreePath} on two\n` })
    await eventually('the file is back', () => existsSync(join(two.worktreePath, 'new')))
    expect((await it.run(['restore'])).stdout).toBe('nothing to restore\n')
  })

  test('with nothing to do say so', async () => {
    const it = shell()
    expect((await it.run(['cleanup'])).stdout).toBe('nothing to clean up\n')
    expect((await it.run(['restore', 'nothing'])).code).toBe(5)
  })

  test('an unknown kind of loss is refused before anything is done', async () => {
    const ran = await shell().run(['cleanup', '--discard', 'everything'])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('uncommitted, untracked, unlanded')
  })
})
