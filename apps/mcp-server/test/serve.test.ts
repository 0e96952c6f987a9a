import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, sleeper, tempDir } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { connect, ground, type MySession, serveHere } from './program.js'

const hasProc = process.platform === 'linux'

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !hasProc || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

const goneSoon = (pid: number) => eventually(`process ${pid} has ended`, () => !isThere(pid))

describe('who calls', () => {
  test('an agent that nobody registered becomes a session, known by its process', async () => {
    const it = ground()
    const one = await connect(it)
    const me = await one.ask<MySession>('get_my_session')
    expect(me).toMatchObject({
      pid: one.agent,
      worktreePath: it.repo.root,
      worktreeName: null,
      isMainRepo: true,
      parallelSessions: 1,
    })
  })

  test('two agents see each other, and each knows which is itself', async () => {
    const it = ground()
    const [one, two] = [await connect(it), await connect(it)]
    const first = await one.ask<MySession>('get_my_session')
    const second = await two.ask<MySession>('get_my_session')
    expect(second).toMatchObject({ parallelSessions: 2 })
    const seen = await two.ask<{ sessions: unknown[]; totalSessions: number }>('get_parallel_status')
    expect(seen).toMatchObject({
      totalSessions: 2,
      sessions: [
        { sessionId: first.sessionId, isMe: false, isAlive: true, isMainRepo: true, worktreeName: 'repo' },
        { sessionId: second.sessionId, isMe: true, pid: two.agent, durationMinutes: 0 },
      ],
    })
  })

  test('a client that is no agent is answered and not registered', async () => {
    const it = ground()
    const other = await connect(it, { name: 'some-inspector' })
    expect(await other.refused('get_my_session')).toContain('COORDINATOR_NO_SESSION')
    expect(await other.ask('get_parallel_status')).toMatchObject({ totalSessions: 0, sessions: [] })
  })

  test('a second server of the same agent is the same session, and so is one that was started again', async () => {
    const it = ground()
    const agent = await sleeper()
    const [one, two] = [await serveHere(it, agent.pid), await serveHere(it, agent.pid)]
    const both = [one.ask<MySession>('get_my_session'), two.ask<MySession>('get_my_session')]
    const [first, second] = await Promise.all(both)
    expect(second?.sessionId).toBe(first?.sessionId)
    expect(second?.parallelSessions).toBe(1)
    one.stop()
    await one.served
    const three = await serveHere(it, agent.pid)
    expect((await three.ask<MySession>('get_my_session')).sessionId).toBe(first?.sessionId)
  })

  test('a server that is killed in mid-session and started again goes on', async () => {
    const it = ground()
    const one = await connect(it, { stubborn: true })
    const before = await one.ask<MySession>('get_my_session')
    process.kill(one.server, 'SIGKILL')
    await goneSoon(one.server)
    expect((await one.ask<MySession>('get_my_session')).sessionId).toBe(before.sessionId)
    process.kill(one.agent, 'SIGKILL')
  })

  test('outside a repository says so, and what to do', async () => {
    const it = ground()
    const one = await connect(it, { cwd: tempDir() })
    expect(await one.refused('get_my_session')).toContain('COORDINATOR_NO_SESSION')
    expect(await one.refused('get_parallel_status')).toMatch(/WORKTREE_NOT_A_REPO.*\n.*repo_path/)
    expect(await one.ask('get_parallel_status', { repo_path: it.repo.root })).toMatchObject({
      totalSessions: 0,
    })
  })
})

test('a thousand calls leave it as small as it was', async () => {
  const it = ground()
  const one = await connect(it)
  const resident = (): number => {
    const said = execFileSync('ps', ['-o', 'rss=', '-p', String(one.server)], { encoding: 'utf8' })
    return (Number(said) * 1024) / 1e6
  }
  const file_path = join(it.repo.root, 'src/a.ts')
  const round = async (): Promise<void> => {
    await one.call('hook', {
      event: 'PreToolUse',
      cwd: it.repo.root,
      tool_name: 'Edit',
      tool_input: { file_path },
    })
    await one.ask('get_parallel_status')
    await one.ask('claim_files', { files: ['src/**'], mode: 'exclusive' })
    await one.call('hook', { event: 'Stop', cwd: it.repo.root })
  }
  for (let done = 0; done < 100; done += 1) await round()
  const before = resident()
  for (let done = 0; done < 250; done += 1) await round()
  expect(resident()).toBeLessThan(before + 15)
  expect(resident()).toBeLessThan(110)
})

describe('the end', () => {
  test('comes when the client hangs up', async () => {
    const one = await connect(ground())
    await one.close()
    await goneSoon(one.server)
  })

  test('comes when the client’s process is gone, though its pipe is held open', async () => {
    const one = await connect(ground())
    process.kill(one.agent, 'SIGKILL')
    await goneSoon(one.server)
  })

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('comes with %s', async (signal) => {
    const one = await connect(ground())
    process.kill(one.server, signal)
    await goneSoon(one.server)
    expect(one.stderr().replace(/^pids.*\n/, '')).toBe('')
  })
})
