import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PostgresServer, startPostgres } from '@pcc/test-kit'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { openHotStore } from '../src/hot.js'
import { openStore, type Store } from '../src/index.js'
import type { RepoRecord, SessionCounting, SessionRecord, SessionStore } from '../src/records.js'

export const T0 = '2026-01-02T03:04:05.000Z'

/** One way to hold the store, with everything it opens closed at the end of each test. */
export interface Door {
  name: string
  /** A store of the door under test, on a database of the test's own. */
  open(): Promise<SessionStore & SessionCounting>
  /** The full store on the same database, to put in what the door itself does not write. */
  full(): Promise<Store>
}

/** The two dialects and the hot door. Called in the body of a test file: it registers what starts and stops the server. */
export function doors(): Door[] {
  const open: { close(): Promise<void> }[] = []
  const folder = { path: '' }
  let file = ''
  let url = ''
  let server: PostgresServer | undefined
  const kept = <S extends { close(): Promise<void> }>(store: S): S => {
    open.push(store)
    return store
  }
  beforeAll(async () => {
    folder.path = mkdtempSync(join(tmpdir(), 'pcc-store-'))
    server = await startPostgres()
  })
  afterAll(async () => {
    rmSync(folder.path, { recursive: true, force: true })
    await server?.stop()
  })
  let tests = 0
  const fresh = (): void => {
    tests += 1
    mkdirSync(join(folder.path, String(tests)))
    file = join(folder.path, String(tests), 'coordinator.db')
    url = ''
  }
  afterEach(async () => {
    for (const store of open.splice(0)) await store.close()
    file = ''
    url = ''
  })
  const sqlite = async (): Promise<Store> => {
    if (file === '') fresh()
    return kept(await openStore({ file }))
  }
  const postgres = async (): Promise<Store> => {
    if (url === '') url = await server!.createDatabase()
    return kept(await openStore({ url }))
  }
  return [
    { name: 'SQLite', open: sqlite, full: sqlite },
    { name: 'PostgreSQL', open: postgres, full: postgres },
    {
      name: 'the hot door',
      full: sqlite,
      async open() {
        await sqlite()
        return kept(openHotStore(file)!)
      },
    },
  ]
}

/** A repo record; name what the test is about. */
export function aRepo(fields: Partial<RepoRecord> = {}): RepoRecord {
  return { id: 'r1', host: 'h1', commonDir: '/code/app/.git', projectKey: null, createdAt: T0, ...fields }
}

/** A session record; name what the test is about. */
export function aSession(fields: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: 's1',
    repoId: 'r1',
    host: 'h1',
    pid: 4711,
    processStart: '98765',
    name: null,
    agentSessionId: null,
    worktreePath: '/code/app',
    worktreeName: null,
    branch: 'main',
    base: null,
    isMainRepo: true,
    ownsWorktree: false,
    startedAt: T0,
    lastHeartbeat: T0,
    endedAt: null,
    endReason: null,
    executionMode: 'local',
    sandboxId: null,
    prompt: null,
    status: 'active',
    outputLog: null,
    origin: 'start',
    ...fields,
  }
}
