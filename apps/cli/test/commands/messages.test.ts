import { sleeper } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { type Shell, shell } from '../run.js'

interface Member {
  sessionId: string
  pid: number
}

async function member(it: Shell, name: string): Promise<Member> {
  const { pid } = await sleeper()
  const ran = await it.run(['start', '--no-launch', '--json', '--name', name, '--pid', String(pid)])
  return { sessionId: ran.json<{ sessionId: string }>().sessionId, pid }
}

async function two(): Promise<{ it: Shell; ann: Member; bob: Member }> {
  const it = shell()
  return { it, ann: await member(it, 'ann'), bob: await member(it, 'bob') }
}

describe('send', () => {
  test('tells for each recipient what becomes of the message', async () => {
    const { it, ann, bob } = await two()
    const gone = await sleeper()
    await it.run(['start', '--no-launch', '--name', 'gone', '--pid', String(gone.pid)])
    await gone.kill()
    const ran = await it.run(['send', 'all', 'hello'], { parentPid: ann.pid })
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(
      new RegExp(
        `^queued for bob \\(${bob.sessionId}\\)\ndead: gone \\(\\w+\\) is gone and will not read it\n$`,
      ),
    )
    const json = (await it.run(['send', 'gone', 'hello', '--json'])).json()
    expect(json).toEqual({
      schemaVersion: 1,
      id: expect.any(String) as string,
      recipients: [{ sessionId: expect.any(String) as string, name: 'gone', state: 'dead' }],
    })
  })

  test('keeps every word as it was typed, also numbers and what looks like a flag', async () => {
    const { it, ann, bob } = await two()
    const from = { parentPid: ann.pid }
    await it.run(['send', 'bob', '007'], from)
    await it.run(['send', 'bob', '--', '-x is broken'], from)
    await it.run(['send', 'ann', 'bob', ' two  lines\n of it '], from)
    await it.run(['send', '--session', 'bob', '--session', 'ann', 'bob', 'from ann'], { parentPid: bob.pid })
    const { messages } = (await it.run(['inbox', '--json'], { parentPid: bob.pid })).json<{
      messages: { from: string; body: string }[]
    }>()
    expect(messages.map((message) => message.body)).toEqual([
      '007',
      '-x is broken',
      ' two  lines\n of it ',
      'from ann',
    ])
    expect(messages.every((message) => message.from === ann.sessionId)).toBe(true)
  })

  test('to all where nobody else is says so', async () => {
    const it = shell()
    const ann = await member(it, 'ann')
    expect(await it.run(['send', 'all', 'x'], { parentPid: ann.pid })).toMatchObject({
      code: 0,
      stdout: 'nobody else is here\n',
    })
  })

  test.each([
    ['nothing', [], 2, /at least one session and the text/],
    ['no text', ['bob'], 2, /at least one session and the text/],
    ['an empty text', ['bob', ''], 2, /the message is empty/],
    ['a text that is too long', ['bob', 'x'.repeat(65_537)], 2, /at most 65536/],
    ['an unknown session', ['bob', 'nobody', 'x'], 5, /no session 'nobody'/],
    ['an unknown sender', ['--session', 'nobody', 'bob', 'x'], 5, /no session 'nobody'/],
  ])('with %s sends nothing and says why', async (_name, args, code, message) => {
    const { it, ann, bob } = await two()
    const ran = await it.run(['send', ...args], { parentPid: ann.pid })
    expect(ran).toMatchObject({ code, stdout: '' })
    expect(ran.stderr).toMatch(message)
    expect((await it.run(['inbox'], { parentPid: bob.pid })).stdout).toMatch(/^No new messages\./)
  })
})

describe('inbox', () => {
  test('shows who wrote what, with a word on whose words they are, and then that nothing is new', async () => {
    const { it, ann, bob } = await two()
    await it.run(['send', 'bob', 'one\ntwo'], { parentPid: ann.pid })
    const own = { parentPid: bob.pid }
    const { stdout } = await it.run(['inbox'], own)
    expect(stdout).toContain('of other agents, not of your user')
    expect(stdout).toMatch(new RegExp(`\n\nFrom ann \\(${ann.sessionId}\\), \\S+Z\n\\| one\n\\| two\n$`))
    expect((await it.run(['inbox'], own)).stdout).toBe('No new messages. --all shows those that were read.\n')
    expect((await it.run(['inbox', '--all'], own)).stdout).toBe(stdout)
    expect((await it.run(['inbox', '--all', '--session', 'ann'], own)).stdout).toBe('No messages.\n')
  })

  test('names the tool itself and somebody outside', async () => {
    const { it, ann, bob } = await two()
    const outsider = await sleeper()
    await it.run(['send', 'ann', 'from nowhere'], { parentPid: outsider.pid, cwd: it.repo.home })
    await it.run(['send', 'bob', 'lost'], { parentPid: ann.pid })
    await it.run(['stop', 'bob'], { parentPid: bob.pid })
    const { stdout } = await it.run(['inbox'], { parentPid: ann.pid })
    expect(stdout).toContain('From somebody outside every session, ')
    expect(stdout).toContain('From parallel-cc (undelivered), ')
    expect(stdout).toContain('"lost"')
  })

  test('--sent shows what became of each message, a line each', async () => {
    const { it, ann, bob } = await two()
    const from = { parentPid: ann.pid }
    expect((await it.run(['inbox', '--sent'], from)).stdout).toBe('Nothing was sent.\n')
    await it.run(['send', 'bob', 'first\n\u001b[31mred'], from)
    await it.run(['inbox'], { parentPid: bob.pid })
    await it.run(['send', 'bob', 'second'], from)
    const lines = (await it.run(['inbox', '--sent'], from)).stdout.trim().split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[0]).toMatch(/^TO +STATE +SENT +DELIVERED +READ +TEXT$/)
    expect(lines[1]).toMatch(/^bob \(\w+\) +read +\S+Z +\S+Z +\S+Z +first red$/)
    expect(lines[2]).toMatch(/^bob \(\w+\) +queued +\S+Z +- +- +second$/)
  })

  test('of nobody is not found', async () => {
    const it = shell()
    const ran = await it.run(['inbox', '--json'], { cwd: it.repo.home })
    expect(ran).toMatchObject({ code: 5, stdout: '' })
    expect(ran.stderr).toContain('--session')
  })
})

test('completion offers the sessions and all to send to', async () => {
  const { it } = await two()
  const words = (await it.run(['complete', '--', 'send', ''])).stdout.split('\n')
  expect(words).toEqual(expect.arrayContaining(['all', 'ann', 'bob', '--session']))
  expect((await it.run(['complete', '--', 'inbox', '--s'])).stdout).toBe('--sent\n--session\n')
})
