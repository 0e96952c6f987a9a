import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openStore } from '@pcc/store'
import { sleeper } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import type { Asking } from '../../src/asking-session.js'
import type { HotDeps } from '../../src/hot-coordinator.js'
import { systemRuntime } from '../../src/runtime.js'
import { afterEdit } from '../../src/use-cases/after-edit.js'
import { checkEdit } from '../../src/use-cases/check-edit.js'
import type { ClaimInput, ClaimResult } from '../../src/use-cases/claim-paths.js'
import { claimPaths } from '../../src/use-cases/claim-paths.js'
import { type Bench, bench } from '../open.js'

/** Two sessions in two trees of one repository. */
async function twoSessions() {
  const it = await bench()
  const ann = await it.start({ name: 'ann' })
  const bob = await it.start({ name: 'bob' })
  const as = (session: typeof ann): Asking => ({ directory: session.worktreePath, pid: session.process.pid })
  const claim = (
    session: typeof ann,
    paths: string[],
    more: Partial<ClaimInput> = {},
  ): Promise<ClaimResult> => it.coordinator.claimPaths({ ...as(session), paths, ...more })
  return { ...it, ann, bob, as, claim }
}

/** The same store with a clock that stands where it is put. */
async function atTime(it: Bench, now: string): Promise<HotDeps & { close(): Promise<void> }> {
  const store = await openStore({ file: join(it.env['PARALLEL_CC_HOME'] as string, 'coordinator.db') })
  return { runtime: { ...systemRuntime(), now: () => now }, store, env: it.env, close: () => store.close() }
}

const EXCLUSIVE = { mode: 'exclusive' } as const

describe('claims', () => {
  test('meet across trees, however the path is written', async () => {
    const { ann, bob, claim, repo } = await twoSessions()
    mkdirSync(join(ann.worktreePath, 'src'))
    await claim(ann, ['src/a.ts'], EXCLUSIVE)
    const link = join(repo.base, 'link')
    symlinkSync(ann.worktreePath, link)
    symlinkSync('src', join(bob.worktreePath, 'source'))
    mkdirSync(join(bob.worktreePath, 'src', 'deep'), { recursive: true })
    symlinkSync(join('src', 'a.ts'), join(bob.worktreePath, 'dangling.ts'))
    const spellings = [
      'src/a.ts',
      './src/../src/a.ts',
      join(bob.worktreePath, 'src/a.ts'),
      join(ann.worktreePath, 'src/a.ts'),
      join(link, 'src/a.ts'),
      'source/a.ts',
      'source/deep/../a.ts',
      'dangling.ts',
      'src/*',
      'src',
      'source/a.[jt]s',
    ]
    for (const path of spellings) {
      const result = await claim(bob, [path])
      expect(result, path).toMatchObject({
        outcome: 'held',
        held: [{ by: { claimedBy: 'ann', path: 'src/a.ts' } }],
      })
    }
    expect(await claim(bob, ['src/b.ts'])).toMatchObject({ outcome: 'granted' })
  })

  test('are granted all or none', async () => {
    const { ann, bob, claim, coordinator, repo } = await twoSessions()
    await claim(ann, ['b.ts'], EXCLUSIVE)
    expect(await claim(bob, ['a.ts', 'b.ts', 'c.ts'])).toMatchObject({
      outcome: 'held',
      held: [{ path: 'b.ts' }],
    })
    expect((await coordinator.listClaims({ directory: repo.root })).claims.map((row) => row.path)).toEqual([
      'b.ts',
    ])
  })

  test('that are advisory are shared, and keep an exclusive one off', async () => {
    const { ann, bob, claim } = await twoSessions()
    expect(await claim(ann, ['a.ts'])).toMatchObject({ outcome: 'granted', granted: [{ mode: 'advisory' }] })
    expect(await claim(bob, ['*.ts'])).toMatchObject({ outcome: 'granted' })
    expect(await claim(bob, ['a.ts'], EXCLUSIVE)).toMatchObject({
      outcome: 'held',
      held: [{ by: { claimedBy: 'ann' } }],
    })
  })

  test('are literal for a file that exists, whatever characters it has', async () => {
    const { ann, bob, claim } = await twoSessions()
    writeFileSync(join(ann.worktreePath, 'a[1].ts'), '')
    await claim(ann, ['a[1].ts'], EXCLUSIVE)
    expect(await claim(bob, ['a1.ts'], EXCLUSIVE)).toMatchObject({ outcome: 'granted' })
    writeFileSync(join(bob.worktreePath, 'a[1].ts'), '')
    expect(await claim(bob, ['a[1].ts'])).toMatchObject({ outcome: 'held' })
  })

  test('of a session are no obstacle to itself, and releasing those of another does nothing', async () => {
    const { ann, bob, as, claim, coordinator } = await twoSessions()
    await claim(ann, ['src/**'], EXCLUSIVE)
    expect(await claim(ann, ['src/a.ts'], EXCLUSIVE)).toMatchObject({ outcome: 'granted' })
    expect(await coordinator.releasePaths({ ...as(bob), paths: ['src/**', 'src/a.ts'] })).toEqual({
      released: [],
    })
    expect(await coordinator.releasePaths({ ...as(bob), paths: null })).toEqual({ released: [] })
    expect(await claim(bob, ['src/a.ts'])).toMatchObject({ outcome: 'held' })
    const { released } = await coordinator.releasePaths({ ...as(ann), paths: null })
    expect(released.map((row) => row.path)).toEqual(['src/**', 'src/a.ts'])
    expect(await claim(bob, ['src/a.ts'])).toMatchObject({ outcome: 'granted' })
  })

  test('that are renewed only grow: in time, in mode, in what is known of them', async () => {
    const { ann, claim } = await twoSessions()
    const hour = 3_600_000
    const renew = async (more: Partial<ClaimInput>) => {
      const result = await claim(ann, ['a.ts'], more)
      return result.outcome === 'granted' ? result.granted[0]! : expect.unreachable('held by nobody')
    }
    const first = await renew({ ...EXCLUSIVE, ttlMs: 2 * hour, reason: 'moving it' })
    expect(Date.parse(first.expiresAt!) - Date.parse(first.claimedAt)).toBe(2 * hour)
    expect(await renew({ ttlMs: hour })).toEqual(first)
    const longer = await renew({ ttlMs: 3 * hour, reason: 'still moving it' })
    expect(longer).toMatchObject({ mode: 'exclusive', claimedAt: first.claimedAt, reason: 'still moving it' })
    expect(longer.expiresAt! > first.expiresAt!).toBe(true)
    expect((await renew({ ttlMs: null })).expiresAt).toBeNull()
    expect((await renew({ ttlMs: hour })).expiresAt).toBeNull()
  })

  test('hold as long as configured', async () => {
    const { ann, as, env } = await twoSessions()
    const it = await bench({ env: { PARALLEL_CC_HOME: env['PARALLEL_CC_HOME'] as string } })
    mkdirSync(it.env['PARALLEL_CC_HOME'] as string, { recursive: true })
    writeFileSync(join(env['PARALLEL_CC_HOME'] as string, 'config.json'), '{"claims":{"ttlMinutes":5}}')
    const deps = await atTime(it, '2026-01-02T00:00:00.000Z')
    expect(await claimPaths(deps, { ...as(ann), paths: ['a.ts'] })).toMatchObject({
      granted: [{ expiresAt: '2026-01-02T00:05:00.000Z' }],
    })
    await deps.close()
  })
})

describe('a claim that has expired', () => {
  test('is granted to the next, and its holder hears of it once', async () => {
    const it = await twoSessions()
    const { ann, bob, as, claim, coordinator } = it
    await claim(ann, ['src/**'], { ...EXCLUSIVE, ttlMs: 60_000 })
    const now = new Date(Date.now() + 61_000).toISOString()
    const later = await atTime(it, now)
    expect(await claimPaths(later, { ...as(bob), paths: ['src/a.ts'], mode: 'exclusive' })).toMatchObject({
      outcome: 'granted',
    })
    expect(await claimPaths(later, { ...as(bob), paths: ['src/b.ts'] })).toMatchObject({ outcome: 'granted' })
    await later.close()
    const { messages } = await coordinator.readMessages(as(ann))
    expect(messages).toMatchObject([{ kind: 'claim_expired', body: expect.stringContaining('src/**') }])
  })

  test('gives way to an edit before it and after it, and its holder hears', async () => {
    const it = await twoSessions()
    const { ann, bob, as, claim, coordinator } = it
    await claim(ann, ['src/**'], { ...EXCLUSIVE, ttlMs: 60_000 })
    await claim(ann, ['lib/**'], { ...EXCLUSIVE, ttlMs: 60_000 })
    const later = await atTime(it, new Date(Date.now() + 61_000).toISOString())
    const { sessionId: session, worktreePath: cwd } = bob
    const call = { session, cwd, pid: bob.process.pid, tool: 'Edit' }
    expect(await checkEdit(later, { ...call, input: { file_path: 'src/a.ts' } })).toMatchObject({
      verdict: 'allow',
      claimed: ['src/a.ts'],
    })
    await afterEdit(later, { ...call, tool: 'Bash', input: { command: 'make' }, changedFiles: ['lib/b.ts'] })
    await later.close()
    const { messages } = await coordinator.readMessages(as(ann))
    expect(messages.map((message) => [message.kind, message.body])).toEqual([
      ['claim_expired', expect.stringContaining('src/**')],
      ['claim_expired', expect.stringContaining('lib/**')],
    ])
  })
})

describe('a session that is killed', () => {
  test('leaves its claims free at the next check, which says that they were left by a crash', async () => {
    const { ann, bob, as, claim, coordinator } = await twoSessions()
    await claim(ann, ['a.ts', 'src/**'], EXCLUSIVE)
    const held = await coordinator.checkPaths({ ...as(bob), paths: ['a.ts'] })
    expect(held).toMatchObject({ held: [{ path: 'a.ts', by: { claimedBy: 'ann' } }], leftByCrash: [] })
    await ann.process.kill()
    const next = await coordinator.checkPaths({ ...as(bob), paths: ['a.ts'] })
    expect(next.held).toEqual([])
    expect(next.leftByCrash.map((row) => [row.path, row.claimedBy])).toEqual([
      ['a.ts', 'ann'],
      ['src/**', 'ann'],
    ])
    expect(await coordinator.checkPaths({ ...as(bob), paths: ['a.ts'] })).toEqual({
      held: [],
      leftByCrash: [],
    })
  })

  test('is no obstacle to a claim, not even when another holds as well', async () => {
    const { ann, bob, claim, coordinator, repo } = await twoSessions()
    await claim(ann, ['a.ts'], EXCLUSIVE)
    await ann.process.kill()
    expect((await coordinator.listClaims({ directory: repo.root })).claims).toEqual([])
    expect(await claim(bob, ['a.ts'], EXCLUSIVE)).toMatchObject({
      outcome: 'granted',
      leftByCrash: [{ path: 'a.ts', claimedBy: 'ann' }],
    })
  })
})

test('claims end with their session', async () => {
  const { ann, bob, as, claim, coordinator } = await twoSessions()
  await claim(ann, ['a.ts'], EXCLUSIVE)
  await coordinator.endSession({ ...as(ann), reason: 'stopped' })
  expect(await claim(bob, ['a.ts'], EXCLUSIVE)).toMatchObject({ outcome: 'granted', leftByCrash: [] })
})

test.each([
  ['no path', { paths: [] }, 'COORDINATOR_BAD_INPUT'],
  ['an empty path', { paths: [' '] }, 'CLAIMS_BAD_PATH'],
  ['a NUL', { paths: ['a\0b'] }, 'CLAIMS_BAD_PATH'],
  ['a path outside', { paths: ['../../elsewhere'] }, 'CLAIMS_OUTSIDE'],
  ['everything', { paths: ['**/*'] }, 'CLAIMS_TOO_WIDE'],
  ['a time that has no end', { paths: ['a'], ttlMs: Number.POSITIVE_INFINITY }, 'COORDINATOR_BAD_INPUT'],
  ['no time', { paths: ['a'], ttlMs: Number.NaN }, 'COORDINATOR_BAD_INPUT'],
  ['an endless reason', { paths: ['a'], reason: 'x'.repeat(501) }, 'COORDINATOR_BAD_INPUT'],
])('%s cannot be claimed', async (_name, input, code) => {
  const { coordinator, start } = await bench()
  const ann = await start()
  const asked = coordinator.claimPaths({ directory: ann.worktreePath, pid: ann.process.pid, ...input })
  await expect(asked).rejects.toMatchObject({ code })
})

test('who is no session claims nothing, and may still check', async () => {
  const { coordinator, repo } = await bench()
  const { pid } = await sleeper()
  await expect(coordinator.claimPaths({ directory: repo.root, pid, paths: ['a'] })).rejects.toMatchObject({
    code: 'COORDINATOR_NO_SESSION',
  })
  expect(await coordinator.checkPaths({ directory: repo.root, pid, paths: ['a'] })).toEqual({
    held: [],
    leftByCrash: [],
  })
})
