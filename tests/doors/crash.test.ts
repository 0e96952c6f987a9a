import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, sleeper } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { ALL_POINTS, killAt, pointsOf } from './fault-points.js'
import { type Installed, installed, statusOf } from './program.js'
import { leftovers, processesOf, stateOf, treesFolder } from './state.js'

interface Started {
  isNew: boolean
  worktreePath: string
}

const START = ['start', '--name', 'work', '--isolation', 'always']

function registering(pid: number): string[] {
  return [...START, '--no-launch', '--json', '--pid', String(pid)]
}

async function nobodyLeft(it: Installed): Promise<void> {
  await eventually('no process of it is left', () => processesOf(it).length === 0)
}

test('every fault point belongs to a use case that is killed here, in crash-removal or in message-races', () => {
  const known = pointsOf('start', 'create', 'stop', 'cleanup', 'remove', 'restore', 'purge', 'deliver')
  expect(ALL_POINTS.filter((point) => !known.includes(point))).toEqual([])
})

test('production ignores fault points', async () => {
  const it = installed()
  const client = await sleeper()
  const env = { PARALLEL_CC_FAULT: 'start:reserved' }
  expect((await it.run(registering(client.pid), { env })).code).toBe(0)
})

describe('start --no-launch that is killed', () => {
  const points = pointsOf('start', 'create').filter((point) => !/:attach/.test(point))

  test.each(points)('at %s leaves what the next start sets right', async (point) => {
    const it = installed()
    const client = await sleeper()
    const killed = await it.run(registering(client.pid), { env: killAt(point) })
    expect(killed).toMatchObject({ signal: 'SIGKILL', stdout: '' })

    const { sessions } = await statusOf(it)
    const known = point === 'start:active'
    expect(sessions.map((row) => row.isAlive)).toEqual(point === 'start:reserving' ? [] : [known])

    const again = (await it.run(registering(client.pid))).json<Started>()
    expect(again).toMatchObject({ isNew: !known, worktreePath: join(treesFolder(it), 'work') })
    expect((await statusOf(it)).sessions).toMatchObject([
      { pid: client.pid, isAlive: true, status: 'active' },
    ])
    expect(existsSync(join(again.worktreePath, 'README.md'))).toBe(true)
    expect(leftovers(it)).toEqual([])

    const before = stateOf(it)
    expect((await it.run(registering(client.pid))).json<Started>().isNew).toBe(false)
    expect(stateOf(it)).toEqual(before)
  })

  test.each(['create:added', 'create:marked', 'create:done', 'start:tree-made'])(
    'at %s does not cost the work that somebody has put there since',
    async (point) => {
      const it = installed()
      const client = await sleeper()
      await it.run(registering(client.pid), { env: killAt(point) })
      const file = join(treesFolder(it), 'work', 'note.txt')
      writeFileSync(file, 'mine')

      const again = await it.run(registering(client.pid))
      expect(again).toMatchObject({ code: 4, stdout: '' })
      const { worktrees } = (await it.run(['cleanup', '--json'])).json<{ worktrees: object[] }>()
      expect(worktrees).toMatchObject([{ action: 'kept', reasons: ['untracked'] }])
      expect(readFileSync(file, 'utf8')).toBe('mine')
      expect(leftovers(it)).toEqual([])
      expect((await statusOf(it)).totalSessions).toBe(0)
    },
  )
})

describe('start that is killed before its agent runs', () => {
  const points = pointsOf('start', 'create').filter((point) => point !== 'start:active')

  test.each(points)('at %s: the agent never runs, and cleanup leaves nothing', async (point) => {
    const it = installed()
    const ran = join(it.repo.base, 'agent-ran')
    it.agent('claude', `require('node:fs').writeFileSync(${JSON.stringify(ran)}, '')`)
    expect(await it.run(START, { env: killAt(point) })).toMatchObject({ signal: 'SIGKILL' })
    await nobodyLeft(it)
    expect(existsSync(ran)).toBe(false)
    expect((await statusOf(it)).sessions.filter((row) => row.isAlive)).toEqual([])

    expect((await it.run(['cleanup', '--json'])).code).toBe(0)
    expect(leftovers(it)).toEqual([])
    expect(it.repo.git('worktree', 'list').split('\n')).toHaveLength(1)
    const before = stateOf(it)
    expect(before).toMatchObject({ sessions: [] })
    expect((await it.run(['cleanup'])).code).toBe(0)
    expect(stateOf(it)).toEqual(before)
  })
})
