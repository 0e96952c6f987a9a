import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { sleeper } from '@pcc/test-kit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Ground, ground, type MySession, serveHere } from './program.js'

const sqlite = createRequire(import.meta.url).resolve('better-sqlite3')

const databaseOf = (it: Ground) => join(it.home, 'coordinator.db')

function wreck(it: Ground): string {
  const content = 'no database at all\n'.repeat(500)
  mkdirSync(it.home, { recursive: true })
  for (const end of ['-wal', '-shm']) rmSync(`${databaseOf(it)}${end}`, { force: true })
  writeFileSync(databaseOf(it), content)
  return content
}

/** Another process holds the database for itself until the test ends. */
async function locked(it: Ground): Promise<() => Promise<void>> {
  const lock = `
    const db = new (require(${JSON.stringify(sqlite)}))(${JSON.stringify(databaseOf(it))})
    db.exec('begin immediate'); console.log('held'); process.stdin.resume()`
  const holder = spawn(process.execPath, ['-e', lock], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')
  const release = async () => {
    if (holder.exitCode !== null || holder.signalCode !== null) return
    holder.kill('SIGKILL')
    await once(holder, 'exit')
  }
  onTestFinished(release)
  return release
}

describe('a server over a database that is broken', () => {
  test('lists its tools, says in each call what is wrong and what to do, and leaves the file as it is', async () => {
    const it = ground()
    const content = wreck(it)
    const one = await serveHere(it, (await sleeper()).pid)
    expect((await one.client.listTools()).tools).toHaveLength(8)
    for (const [name, input] of [
      ['get_parallel_status', {}],
      ['get_my_session', {}],
      ['list_claims', {}],
      ['check_conflicts', { files: ['src/a.ts'] }],
      ['send_message', { to: 'all', message: 'x' }],
    ] as const) {
      expect(await one.refused(name, input)).toMatch(/^STORE_[A-Z_]+: .+\n.*without parallel-cc/s)
    }
    expect(readFileSync(databaseOf(it), 'utf8')).toBe(content)
  })

  test('lets every hook pass, with one line in the log for each', async () => {
    const it = ground()
    wreck(it)
    const one = await serveHere(it, (await sleeper()).pid)
    for (const event of ['PreToolUse', 'PostToolBatch', 'Stop']) {
      const reply = await one.call('hook', {
        event,
        tool_name: 'Edit',
        tool_input: { file_path: 'src/a.ts' },
      })
      expect(reply.content).toEqual([{ type: 'text', text: '{}' }])
    }
    expect(it.logged()).toMatchObject([
      { event: 'PreToolUse', code: expect.stringMatching(/^STORE_/) as string },
      { event: 'PostToolBatch' },
      { event: 'Stop' },
    ])
  })

  test('works again once the file is mended', async () => {
    const it = ground()
    const one = await serveHere(it, (await sleeper()).pid)
    const before = await one.ask<MySession>('get_my_session')
    const saved = join(it.repo.home, 'saved.db')
    await (await serveHere(it, (await sleeper()).pid)).ask('get_parallel_status')
    copyFileSync(databaseOf(it), saved)
    rmSync(databaseOf(it))
    wreck(it)
    expect(await one.refused('get_my_session')).toContain('STORE_')
    rmSync(databaseOf(it))
    copyFileSync(saved, databaseOf(it))
    expect((await one.ask<MySession>('get_my_session')).pid).toBe(before.pid)
  })
})

test('a database that was deleted under the server is made anew, and the session is in it', async () => {
  const it = ground()
  const one = await serveHere(it, (await sleeper()).pid)
  const before = await one.ask<MySession>('get_my_session')
  rmSync(it.home, { recursive: true })
  const after = await one.ask<MySession>('get_my_session')
  expect(after).toMatchObject({ pid: before.pid, worktreePath: before.worktreePath, parallelSessions: 1 })
})

test('a locked database is told as such, reads go on, and the server lives', async () => {
  const it = ground()
  const [one, two] = [await serveHere(it, (await sleeper()).pid), await serveHere(it, (await sleeper()).pid)]
  await one.ask('get_my_session')
  const release = await locked(it)
  expect(await two.refused('get_my_session')).toMatch(/^STORE_BUSY: .+\n.*again/s)
  expect(await one.ask('get_parallel_status')).toMatchObject({ totalSessions: 1 })
  await release()
  expect(await two.ask('get_my_session')).toMatchObject({ parallelSessions: 2 })
})

test('a state folder that cannot be made is told, and nothing falls over', async () => {
  const it = ground()
  mkdirSync(join(it.home, '..'), { recursive: true })
  writeFileSync(it.home, 'a file')
  const one = await serveHere(it, (await sleeper()).pid)
  expect(await one.refused('get_my_session')).toMatch(/^STORE_[A-Z_]+: /)
  expect((await one.client.listTools()).tools).toHaveLength(8)
})
