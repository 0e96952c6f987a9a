import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '@pcc/test-kit'
import Database from 'better-sqlite3'
import { build } from 'tsdown'
import { expect, test } from 'vitest'
import { openHotStore } from '../src/hot.js'
import { openStore } from '../src/index.js'
import { aSession } from './records.js'

async function aDatabase(): Promise<string> {
  const file = join(tempDir(), 'coordinator.db')
  await (await openStore({ file })).close()
  return file
}

function change(file: string, sql: string): void {
  const raw = new Database(file)
  raw.exec(sql)
  raw.close()
}

test('reads and writes what the full store reads and writes', async () => {
  const file = await aDatabase()
  const hot = openHotStore(file)!
  await hot.write('r1', (tx) => tx.insertSession(aSession()))
  const full = await openStore({ file })
  expect(await full.read.sessionById('s1')).toEqual(aSession())
  await full.write('r1', (tx) => tx.updateSession('s1', { name: 'renamed' }))
  expect((await hot.read.sessionById('s1'))?.name).toBe('renamed')
  await full.close()
  await hot.close()
})

test('does not open, and does not create, what is not there', () => {
  const dir = tempDir()
  expect(openHotStore(join(dir, 'coordinator.db'))).toBeNull()
  expect(openHotStore(join(dir, 'no', 'folder', 'coordinator.db'))).toBeNull()
  expect(readdirSync(dir)).toEqual([])
})

test('does not open an empty file, which another process may be about to fill', () => {
  const file = join(tempDir(), 'coordinator.db')
  writeFileSync(file, '')
  expect(openHotStore(file)).toBeNull()
  expect(readFileSync(file)).toHaveLength(0)
})

test('does not open an older, a newer or a foreign database', async () => {
  const older = await aDatabase()
  change(older, `delete from kysely_migration where name like '0005%'`)
  expect(openHotStore(older)).toBeNull()
  const newer = await aDatabase()
  change(newer, `insert into kysely_migration values ('9999_from_the_future', '')`)
  expect(openHotStore(newer)).toBeNull()
  const between = await aDatabase()
  change(between, `insert into kysely_migration values ('0001a_unknown', '')`)
  expect(openHotStore(between)).toBeNull()
  const foreign = join(tempDir(), 'coordinator.db')
  change(foreign, 'create table sessions (id text)')
  expect(openHotStore(foreign)).toBeNull()
})

test('says so when the file is no database, or is damaged', async () => {
  const file = join(tempDir(), 'coordinator.db')
  writeFileSync(file, 'notes\n'.repeat(1_000))
  expect(() => openHotStore(file)).toThrow(expect.objectContaining({ code: 'STORE_NOT_A_DATABASE' }))
  const damaged = await aDatabase()
  writeFileSync(damaged, readFileSync(damaged).subarray(0, 5_000))
  expect(() => openHotStore(damaged)).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }))
})

test('says so when the driver is missing, even where there is no database yet', () => {
  const file = join(tempDir(), 'x.db')
  expect(() => openHotStore(file, { nativeBinding: '/no/such/addon.node' })).toThrow(
    expect.objectContaining({ code: 'STORE_DRIVER_MISSING' }),
  )
})

test('waits no longer for a lock than it is told, and reads meanwhile', async () => {
  const file = await aDatabase()
  const other = new Database(file)
  other.exec('begin immediate')
  const hot = openHotStore(file, { busyTimeoutMs: 20 })!
  const refused = hot.write('r1', (tx) => tx.insertSession(aSession()))
  await expect(refused).rejects.toMatchObject({ code: 'STORE_BUSY', data: { sqliteCode: 'SQLITE_BUSY' } })
  expect(await hot.read.openSessions('r1')).toEqual([])
  other.exec('rollback')
  await hot.write('r1', (tx) => tx.insertSession(aSession()))
  expect(await hot.read.openSessions('r1')).toHaveLength(1)
  other.close()
  await hot.close()
})

test('loads nothing but better-sqlite3 and Node', async () => {
  const outDir = tempDir()
  await build({
    config: false,
    entry: [join(import.meta.dirname, '../src/hot.ts')],
    outDir,
    format: 'cjs',
    platform: 'node',
    dts: false,
    logLevel: 'silent',
    deps: { neverBundle: [/^[^./]/] },
  })
  expect(readdirSync(outDir)).toEqual(['hot.cjs'])
  const bundle = readFileSync(join(outDir, 'hot.cjs'), 'utf8')
  const loaded = [...bundle.matchAll(/(?:require|import)\(["']([^"']+)["']\)/g)].map((match) => match[1])
  expect(loaded.filter((name) => !name?.startsWith('node:'))).toEqual(['better-sqlite3'])
})
