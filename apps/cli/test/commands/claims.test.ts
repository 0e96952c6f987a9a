import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sleeper } from '@pcc/test-kit'
import { expect, test } from 'vitest'
import { type Ran, type Shell, shell } from '../run.js'

interface Session {
  sessionId: string
  worktreePath: string
  run(...args: string[]): Promise<Ran>
}

/** A shell in which a session works: its commands are told to be children of the session's process. */
async function session(it: Shell, name: string): Promise<Session> {
  const { pid } = await sleeper()
  const started = await it.run(['start', '--no-launch', '--pid', String(pid), '--name', name, '--json'])
  const { sessionId, worktreePath } = started.json<{ sessionId: string; worktreePath: string }>()
  return {
    sessionId,
    worktreePath,
    run: (...args) => it.run(args, { parentPid: pid, cwd: worktreePath }),
  }
}

test('claim, claims, check and release say in JSON who holds what', async () => {
  const it = shell()
  const ann = await session(it, 'ann')
  const bob = await session(it, 'bob')
  const mine = await ann.run(
    'claim',
    'src/a.ts',
    'docs/**',
    '--mode',
    'exclusive',
    '--reason',
    'moving it',
    '--json',
  )
  expect(mine.code).toBe(0)
  const granted = { mode: 'exclusive', expiresAt: expect.stringMatching(/^\d{4}-.*Z$/) }
  expect(mine.json()).toEqual({
    schemaVersion: 1,
    granted: [
      { path: 'src/a.ts', ...granted },
      { path: 'docs/**', ...granted },
    ],
    held: [],
  })

  const by = {
    path: 'src/a.ts',
    mode: 'exclusive',
    sessionId: ann.sessionId,
    claimedBy: 'ann',
    claimedAt: expect.any(String),
    expiresAt: granted.expiresAt,
    reason: 'moving it',
  }
  const refused = await bob.run('claim', 'src/a.*', 'free.ts', '--json')
  expect(refused.code).toBe(3)
  expect(refused.json()).toEqual({ schemaVersion: 1, granted: [], held: [{ path: 'src/a.*', by }] })
  const checked = await bob.run('check', join(ann.worktreePath, 'src/a.ts'), '--json')
  expect(checked.code).toBe(3)
  expect(checked.json()).toEqual({ schemaVersion: 1, held: [{ path: 'src/a.ts', by }] })
  expect((await ann.run('check', 'src/a.ts', '--json')).json()).toMatchObject({ held: [] })

  const listed = await bob.run('claims', '--json')
  expect(listed.json<{ claims: object[] }>().claims).toEqual([
    { ...by, path: 'docs/**', worktreePath: ann.worktreePath, source: 'manual' },
    { ...by, worktreePath: ann.worktreePath, source: 'manual' },
  ])
  expect((await bob.run('release', 'src/a.ts', '--json')).json()).toMatchObject({ released: [] })
  expect((await ann.run('release', 'src/a.ts', '--json')).json()).toMatchObject({
    released: [{ path: 'src/a.ts' }],
  })
  expect((await bob.run('claim', 'src/a.ts', '--json')).code).toBe(0)
  expect((await ann.run('release', '--all', '--json')).json()).toMatchObject({
    released: [{ path: 'docs/**' }],
  })
})

test('people are told who holds it, since when, until when and why', async () => {
  const it = shell()
  const ann = await session(it, 'ann')
  const bob = await session(it, 'bob')
  expect(await ann.run('claims')).toMatchObject({ code: 0, stdout: 'No claims.\n' })
  const mine = await ann.run(
    'claim',
    'src',
    '--mode',
    'exclusive',
    '--ttl',
    'never',
    '--reason',
    'new\u001b[31m API',
  )
  expect(mine.stdout).toBe('claimed src, exclusive, until released\n')
  const refused = await bob.run('claim', 'src')
  expect(refused).toMatchObject({ code: 3 })
  expect(refused.stdout).toMatch(
    new RegExp(
      `^src is held by ann \\(${ann.sessionId}\\), exclusive, since .*Z until released: new\\\\x1b\\[31m API\n$`,
    ),
  )
  expect(await bob.run('check', 'lib')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^free/) })
  expect((await bob.run('claims')).stdout).toMatch(/PATH +MODE +SESSION[\s\S]*src +exclusive +ann/)
})

test('what a dead session held is free at the next check, and told to be left by a crash', async () => {
  const it = shell()
  const dead = await sleeper()
  await it.run(['start', '--no-launch', '--pid', String(dead.pid), '--name', 'gone'])
  await it.run(['claim', 'a.ts', '--mode', 'exclusive'], { parentPid: dead.pid })
  const bob = await session(it, 'bob')
  expect((await bob.run('check', 'a.ts')).code).toBe(3)
  await dead.kill()
  const checked = await bob.run('check', 'a.ts')
  expect(checked.code).toBe(0)
  expect(checked.stderr).toMatch(/freed a\.ts: left by a crash of gone/)
})

test('a folder means what is in it, an existing file is meant literally, and all of it needs --force', async () => {
  const it = shell()
  const ann = await session(it, 'ann')
  mkdirSync(join(ann.worktreePath, 'app', '[id]'), { recursive: true })
  writeFileSync(join(ann.worktreePath, 'a[1].ts'), '')
  const paths = async (...args: string[]) =>
    (await ann.run('claim', '--json', ...args))
      .json<{ granted: { path: string }[] }>()
      .granted.map((row) => row.path)
  expect(await paths('app/[id]', 'a[1].ts', 'b[1].ts')).toEqual(['app/\\[id\\]/**', 'a[1].ts', 'b[1].ts'])
  for (const wide of ['*', '**', '.', ann.worktreePath]) {
    expect(await ann.run('claim', wide)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--force'),
    })
  }
  expect(await paths('--force', '**')).toEqual(['**'])
})

test.each([
  ['claim without a path', ['claim'], /at least one path/],
  ['check without a path', ['check'], /at least one path/],
  ['release without a path', ['release'], /--all/],
  ['release with both', ['release', 'a', '--all'], /--all/],
  ['a duration that is none', ['claim', 'a', '--ttl', 'soon'], /'soon' is no duration/],
  ['a mode that is none', ['claim', 'a', '--mode', 'hard'], /mode/],
  ['a path outside', ['claim', '/etc/passwd'], /no working tree/],
  ['git’s own folder', ['claim', '.git/config'], /no working tree/],
  ['a glob with more than globs have', ['claim', 'src/!(a)'], /no glob/],
])('%s is wrong usage', async (_name, args, message) => {
  const it = shell()
  const ann = await session(it, 'ann')
  const ran = await ann.run(...args)
  expect(ran).toMatchObject({ code: 2, stdout: '' })
  expect(ran.stderr).toMatch(message)
})

test('claims belong to sessions: without one nothing is claimed, but everybody may look', async () => {
  const it = shell()
  const ann = await session(it, 'ann')
  await ann.run('claim', 'a.ts')
  const elsewhere = { cwd: join(it.repo.base, 'home') }
  expect((await it.run(['claim', 'a.ts', '--repo', it.repo.root, '--session', 'nobody'])).code).toBe(5)
  expect((await it.run(['claims', '--repo', it.repo.root], elsewhere)).stdout).toContain('a.ts')
  expect((await it.run(['claims', '--all'], elsewhere)).stdout).toContain('a.ts')
  expect((await it.run(['claims'], elsewhere)).code).toBe(4)
  await it.run(['release', 'a.ts', '--session', 'ann'])
  expect((await it.run(['claims'])).stdout).toBe('No claims.\n')
})
