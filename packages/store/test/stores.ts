import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PostgresServer, startPostgres } from '@pcc/test-kit'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { openHotStore } from '../src/hot.js'
import { openStore, type Store } from '../src/index.js'
import type { SessionCounting, SessionStore } from '../src/records.js'

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
