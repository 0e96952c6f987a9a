import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, gate, type RunningClient, say, use } from '@pcc/test-kit'
import { expect, test } from 'vitest'
import { occupyCheckout, type RealOptions, type RealProgram, realProgram } from './program.js'

interface AtWork {
  it: RealProgram
  wrapper: RunningClient
  /** The client's process. */
  pid: number
  tree: string
}

/** A client that was started through us, has written a file in a tree of its own and is in the middle of its work. */
async function clientAtWork(options: RealOptions = {}): Promise<AtWork> {
  const it = await realProgram(options)
  await occupyCheckout(it)
  const tree = join(it.repo.base, 'repo-worktrees', 'work')
  const hold = gate()
  it.api.script('alpha', [
    use('Write', { file_path: join(tree, 'new.txt'), content: 'not committed\n' }),
    say('never', { gate: hold }),
  ])
  const wrapper = it.parallel({ prompt: '[[alpha]] write it', args: ['--name', 'work'] })
  await hold.reached
  const session = (await it.sessions()).find(({ name }) => name === 'work')
  expect(session).toMatchObject({ isAlive: true, status: 'active', worktreePath: tree })
  return { it, wrapper, pid: session?.pid as number, tree }
}

function edited({ tree }: AtWork): string {
  return readFileSync(join(tree, 'new.txt'), 'utf8')
}

async function left({ it }: AtWork): Promise<[string | null, boolean][]> {
  return (await it.sessions()).map(({ name, isAlive }) => [name, isAlive])
}

const onlyFirst = [['first', true]]

test.each([
  ['SIGINT', 0],
  ['SIGTERM', 143],
  ['SIGKILL', 137],
] as const)(
  'a client that gets %s: its session has ended, its tree is kept, the wrapper ends with %d',
  async (signal, code) => {
    const work = await clientAtWork()

    process.kill(work.pid, signal)

    const ended = await work.wrapper.done
    expect(ended).toMatchObject({ code, signal: null })
    expect(ended.stderr).toContain(`kept ${work.tree}: 1 untracked`)
    expect(await left(work)).toEqual(onlyFirst)
    expect(edited(work)).toBe('not committed\n')
  },
)

test.each([
  ['SIGINT', 0],
  ['SIGTERM', 143],
] as const)('a wrapper that gets %s passes it on and ends as its client does', async (signal, code) => {
  const work = await clientAtWork()

  work.wrapper.kill(signal)

  const ended = await work.wrapper.done
  expect(ended).toMatchObject({ code, signal: null })
  expect(ended.stderr).toContain(`kept ${work.tree}: 1 untracked`)
  expect(await left(work)).toEqual(onlyFirst)
  expect(edited(work)).toBe('not committed\n')
})

/** Whether the process that SessionEnd leaves behind for this client still works: it looks at the tree after the session has ended. */
function isEnding(client: number): boolean {
  return readdirSync('/proc').some((name) => {
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')
      return words.includes('end-when-gone') && words.includes(String(client))
    } catch {
      // no process, or one that has just gone
      return false
    }
  })
}

test('a wrapper that is killed leaves a live session, which the SessionEnd hook ends with its client', async () => {
  const work = await clientAtWork()

  work.wrapper.kill('SIGKILL')
  await work.wrapper.exited
  expect(await left(work)).toEqual([...onlyFirst, ['work', true]])
  process.kill(work.pid, 'SIGTERM')

  await eventually('the session has ended', async () => (await left(work)).length === 1)
  expect(work.it.rows().at(-1)).toMatchObject({ pid: work.pid, endReason: 'exited' })
  expect(edited(work)).toBe('not committed\n')
  await eventually('the hook that goes on by itself is done', () => !isEnding(work.pid))
})

test('without hooks the session of a killed wrapper and an ended client is listed as dead, and cleanup ends it', async () => {
  const work = await clientAtWork({ hooks: 'none' })

  work.wrapper.kill('SIGKILL')
  await work.wrapper.exited
  expect(await left(work)).toEqual([...onlyFirst, ['work', true]])
  process.kill(work.pid, 'SIGTERM')

  await eventually('the session is dead', async () => (await left(work)).at(-1)?.[1] === false)
  const cleaned = await work.it.run(['cleanup', '--json'])
  expect(cleaned.json()).toMatchObject({
    endedSessions: [{ name: 'work', pid: work.pid }],
    worktrees: [{ path: work.tree, action: 'kept', reasons: ['untracked'] }],
  })
  expect(await left(work)).toEqual(onlyFirst)
  expect(edited(work)).toBe('not committed\n')
})

test('all killed at once: the session is listed as dead, and its tree is kept by cleanup', async () => {
  const work = await clientAtWork()

  process.kill(work.pid, 'SIGSTOP')
  work.wrapper.kill('SIGKILL')
  await work.wrapper.exited
  process.kill(work.pid, 'SIGKILL')

  await eventually('the session is dead', async () => (await left(work)).at(-1)?.[1] === false)
  expect(await left(work)).toEqual([...onlyFirst, ['work', false]])
  expect((await work.it.run(['cleanup'])).code).toBe(0)
  expect(await left(work)).toEqual(onlyFirst)
  expect(edited(work)).toBe('not committed\n')
})
