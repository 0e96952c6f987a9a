import { describe, expect, test } from 'vitest'
import type { Store, WorktreeRecord } from '../src/index.js'
import { T0 } from './records.js'
import { doors } from './stores.js'

const LATER = '2026-01-02T03:05:00.000Z'

const aWorktree = (fields: Partial<WorktreeRecord> = {}): WorktreeRecord => ({
  id: 'w1',
  repoId: 'r1',
  sessionId: 's1',
  path: '/code/app-worktrees/parallel-x',
  branch: 'parallel-x',
  base: 'f'.repeat(40),
  createdAt: T0,
  removedAt: null,
  ...fields,
})

const full = doors().filter((door) => door.name !== 'the hot door')

describe.each(full)('the full store on $name', (door) => {
  test('trees are listed oldest first, with what became of them', async () => {
    const store = await door.full()
    await store.worktrees.insert(aWorktree({ id: 'w2', sessionId: null, createdAt: LATER }))
    await store.worktrees.insert(aWorktree())
    await store.worktrees.insert(aWorktree({ id: 'w3', repoId: 'r2' }))
    expect(await store.worktrees.markRemoved('w1', LATER)).toBe(true)
    expect(await store.worktrees.markRemoved('nothing', LATER)).toBe(false)
    expect(await store.worktrees.list('r1')).toEqual([
      aWorktree({ removedAt: LATER }),
      aWorktree({ id: 'w2', sessionId: null, createdAt: LATER }),
    ])
    await store.worktrees.markRemoved('w1', null)
    expect((await store.worktrees.list('r1'))[0]).toEqual(aWorktree())
  })

  test('a tree and what belongs to it can be written in one transaction', async () => {
    const store = await door.full()
    await store.write('r1', async (tx) => {
      await tx.worktrees.insert(aWorktree())
      await tx.worktrees.markRemoved('w1', LATER)
      await tx.db
        .insertInto('subscriptions')
        .values({ session_id: 's1', branch: 'b', created_at: T0 })
        .execute()
      expect(await tx.worktrees.list('r1')).toHaveLength(1)
      expect(await tx.countsOf(['s1'], T0)).toEqual(new Map([['s1', { claims: 0, unreadMessages: 0 }]]))
    })
    expect(await store.db.selectFrom('subscriptions').selectAll().execute()).toHaveLength(1)
  })

  test('says what it is', async () => {
    const store = await door.full()
    expect(['sqlite', 'postgres']).toContain(store.dialect)
    const info = await store.info()
    expect(info).toMatchObject({
      dialect: store.dialect,
      location: store.location,
      schemaVersion: '0005_edit_warnings',
    })
    expect(info.sizeBytes).toBeGreaterThan(10_000)
  })

  test('errors of queries outside a transaction are this room’s as well', async () => {
    const store = await door.full()
    const wrong = store.db
      .insertInto('leases')
      .values({ repo_id: 'r1' } as never)
      .execute()
    await expect(wrong).rejects.toMatchObject({ name: 'StoreError', code: 'STORE_FAILED' })
  })
})

describe.each(full)('the tables of the other rooms on $name', (door) => {
  const rowOf = async <T extends keyof Inserts>(table: T): Promise<unknown> => {
    const store = await door.full()
    await (store.db as Store['db'])
      .insertInto(table)
      .values(INSERTS[table] as never)
      .execute()
    return store.db.selectFrom(table).selectAll().executeTakeFirstOrThrow()
  }

  test('a claim is advisory and made by hand unless it says otherwise', async () => {
    expect(await rowOf('file_claims')).toEqual({
      ...INSERTS.file_claims,
      claim_mode: 'advisory',
      source: 'manual',
      is_glob: 0,
      expires_at: null,
      reason: null,
    })
  })

  test('a message and its recipients, whose order is a number', async () => {
    expect(await rowOf('messages')).toEqual({
      ...INSERTS.messages,
      from_session: null,
      kind: 'message',
      data: null,
    })
    expect(await rowOf('message_recipients')).toEqual({
      ...INSERTS.message_recipients,
      position: 1,
      state: 'queued',
      delivered_at: null,
      read_at: null,
    })
  })

  test('a message reaches a recipient once', async () => {
    await rowOf('message_recipients')
    await expect(rowOf('message_recipients')).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })

  test('a merge into main is recorded once for a branch at a commit', async () => {
    expect(await rowOf('merge_events')).toEqual({
      ...INSERTS.merge_events,
      merged_into: 'main',
      merged_by: null,
      notified_sessions: null,
      reverted: 0,
    })
    const store = await door.full()
    const again = { ...INSERTS.merge_events, id: 'another' }
    await expect(store.db.insertInto('merge_events').values(again).execute()).rejects.toThrow()
    await store.db
      .insertInto('merge_events')
      .values({ ...again, source_commit: 'c'.repeat(40) })
      .execute()
  })

  test('a subscription', async () => {
    expect(await rowOf('subscriptions')).toEqual(INSERTS.subscriptions)
  })

  test('a run, with its cost to the cent and its times in fractions', async () => {
    expect(await rowOf('sandbox_runs')).toMatchObject(INSERTS.sandbox_runs)
  })

  test('a lease is held by one', async () => {
    expect(await rowOf('leases')).toEqual(INSERTS.leases)
    await expect(rowOf('leases')).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })
})

type Inserts = typeof INSERTS

const INSERTS = {
  file_claims: { session_id: 's1', file_path: 'src/a.ts', claimed_at: T0, repo_id: 'r1' },
  messages: { id: 'm1', repo_id: 'r1', body: 'I am about to refactor the user model', sent_at: T0 },
  message_recipients: { message_id: 'm1', session_id: 's2' },
  merge_events: {
    id: 'e1',
    branch: 'feature',
    merged_at: T0,
    repo_id: 'r1',
    source_commit: 'a'.repeat(40),
    target_commit: 'b'.repeat(40),
    method: 'ancestor',
  },
  subscriptions: { session_id: 's1', branch: 'feature', created_at: T0 },
  sandbox_runs: {
    session_id: 'e2b-1',
    repo_id: 'r1',
    provider: 'e2b',
    status: 'queued',
    prompt: 'Execute PLAN.md',
    cost_usd: 1.37,
    timeout_seconds: 90.5,
    exit_code: 0,
    changed_files: '["a.ts"]',
    created_at: T0,
    updated_at: T0,
  },
  leases: { repo_id: 'r1', name: 'merge-watcher', holder: 'h1/4711', acquired_at: T0, expires_at: LATER },
}
