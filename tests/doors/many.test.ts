import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { eventually, sleeper } from '@pcc/test-kit'
import { expect, test } from 'vitest'
import { beating } from './beating.js'
import { rowsOf } from './database.js'
import { type Installed, installed, type Ran, statusOf } from './program.js'
import { leftovers, stateOf, treesFolder } from './state.js'

const MANY = 20
const BEATING = 64
const deep = process.env['PCC_DEEP'] === '1'
const BEAT_MS = deep ? 30_000 : 4_000
// without a pause they take the two processors of a small machine from the starts beside them
const PAUSE_MS = deep ? 0 : 150
const LIMIT_MS = 300_000

interface Started {
  sessionId: string
  name: string | null
  worktreePath: string
  branch: string
  isMainRepo: boolean
  isNew: boolean
}

/** As many processes of the program, all at once, each for a process of its own. */
async function startAll(it: Installed, ...args: string[]): Promise<{ pids: number[]; ran: Ran[] }> {
  const clients = await Promise.all(Array.from({ length: MANY }, () => sleeper()))
  const ran = await Promise.all(
    clients.map(({ pid }) => it.run(['start', '--no-launch', '--json', '--pid', String(pid), ...args])),
  )
  return { pids: clients.map((client) => client.pid), ran }
}

test(
  `${MANY} starts at once make ${MANY} sessions and trees, one of them in the checkout`,
  async () => {
    const it = installed()
    const { pids, ran } = await startAll(it)
    expect(ran.filter((one) => one.code !== 0 || one.stderr !== '')).toEqual([])
    const sessions = ran.map((one) => one.json<Started>())
    expect(sessions.every((session) => session.isNew)).toBe(true)
    expect(new Set(sessions.map((session) => session.worktreePath)).size).toBe(MANY)
    expect(sessions.filter((session) => session.isMainRepo)).toMatchObject([{ worktreePath: it.repo.root }])

    const { sessions: known } = await statusOf(it)
    expect(known.map((row) => row.pid).toSorted()).toEqual(pids.toSorted())
    expect(known.every((row) => row.isAlive && row.status === 'active')).toBe(true)
    const trees = it.repo.git('worktree', 'list', '--porcelain').match(/^worktree .*$/gm)
    expect(trees?.map((line) => line.slice('worktree '.length)).toSorted()).toEqual(
      sessions.map((session) => session.worktreePath).toSorted(),
    )
    for (const { worktreePath } of sessions)
      expect(it.repo.gitIn(worktreePath, 'status', '--porcelain')).toBe('')
    expect(leftovers(it)).toEqual([])
  },
  LIMIT_MS,
)

test(
  `of ${MANY} starts with one name one wins, and the others touch nothing of it`,
  async () => {
    const it = installed()
    const { pids, ran } = await startAll(it, '--name', 'work', '--isolation', 'always')
    const winners = ran.filter((one) => one.code === 0)
    expect(winners).toHaveLength(1)
    for (const loser of ran.filter((one) => one.code !== 0)) {
      expect(loser).toMatchObject({ code: 4, stdout: '' })
      expect(loser.stderr).toMatch(/^parallel-cc: .*'work'.*\n {2}\S.*\n$/)
    }
    const winner = (winners[0] as Ran).json<Started>()
    expect(winner).toMatchObject({
      name: 'work',
      branch: 'work',
      worktreePath: join(treesFolder(it), 'work'),
    })
    const winnerPid = pids[ran.indexOf(winners[0] as Ran)]
    expect((await statusOf(it)).sessions).toMatchObject([{ pid: winnerPid, isAlive: true, status: 'active' }])
    expect(existsSync(join(winner.worktreePath, 'README.md'))).toBe(true)
    expect(it.repo.gitIn(winner.worktreePath, 'status', '--porcelain')).toBe('')
    expect(stateOf(it)).toMatchObject({ folders: [basename(winner.worktreePath)] })
    expect(leftovers(it)).toEqual([])
  },
  LIMIT_MS,
)

test(
  `${BEATING} processes beating beside ${MANY} starts and stops lose no write`,
  async () => {
    const it = installed()
    const beaters = await beating(it, BEATING, PAUSE_MS)
    const { ran } = await startAll(it)
    const sessions = ran.map((one) => one.json<Started>())
    const stops = await Promise.all(sessions.map((session) => it.run(['stop', session.sessionId, '--json'])))
    for (const one of [...ran, ...stops]) expect(one).toMatchObject({ code: 0, stderr: '' })
    await eventually('they have beaten long enough', () => beaters.elapsedMs() > BEAT_MS, BEAT_MS + 60_000)
    const reports = await beaters.stop()

    expect(reports.flatMap((report) => report.errors)).toEqual([])
    expect(reports.every((report) => report.beats > 0)).toBe(true)
    const rows = rowsOf<{ id: string; last_heartbeat: string; ended_at: string | null }>(
      it,
      `SELECT id, last_heartbeat, ended_at FROM sessions WHERE origin = 'hook'`,
    )
    const written = Object.fromEntries(rows.map((row) => [row.id, row.last_heartbeat]))
    expect(written).toEqual(Object.fromEntries(reports.map((report) => [report.id, report.last])))
    expect(rows.filter((row) => row.ended_at !== null)).toEqual([])
    expect(leftovers(it)).toEqual([])
    expect(it.repo.git('worktree', 'list').split('\n')).toHaveLength(1)
  },
  LIMIT_MS,
)
