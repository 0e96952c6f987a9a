import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { tempDir } from '@pcc/test-kit'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { openStore, type StoreError } from '../src/index.js'
import { childProgram } from './child.js'
import { aSession } from './records.js'

const child = childProgram()

async function aDatabase(dir = tempDir()): Promise<string> {
  const file = join(dir, 'coordinator.db')
  await (await openStore({ file })).close()
  return file
}

/** Opens what cannot be opened, and makes sure that not one byte of it was touched. */
async function refused(file: string): Promise<StoreError> {
  const before = { bytes: readFileSync(file), files: readdirSync(dirname(file)), mode: statSync(file).mode }
  const error = await openStore({ file }).then(
    () => undefined,
    (reason: StoreError) => reason,
  )
  expect(error).toMatchObject({ name: 'StoreError' })
  expect(readFileSync(file).equals(before.bytes)).toBe(true)
  expect(readdirSync(dirname(file))).toEqual(before.files)
  expect(statSync(file).mode).toBe(before.mode)
  expect(error?.message).toContain(file)
  expect(error?.message).not.toContain('\n')
  return error!
}

const NOBODY = 65534
const root = process.getuid?.() === 0

/** Root may do everything, so the child is somebody else. */
const asNobody = (argv: string[]): string[] =>
  root ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--', ...argv] : argv

async function ofNobody(modes: { file: number; dir: number }): Promise<string> {
  const base = tempDir()
  chmodSync(base, 0o755)
  const file = await aDatabase(join(base, 'state'))
  for (const path of [file, dirname(file)]) if (root) chownSync(path, NOBODY, NOBODY)
  chmodSync(file, modes.file)
  chmodSync(dirname(file), modes.dir)
  return file
}

describe('a new database', () => {
  test('is made with its folder, for its owner alone', async () => {
    const file = await aDatabase(join(tempDir(), 'a', 'b'))
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700)
    expect(statSync(dirname(dirname(file))).mode & 0o777).toBe(0o700)
  })

  test('works in write-ahead mode and can be told about', async () => {
    const file = await aDatabase()
    const store = await openStore({ file })
    expect(await store.info()).toEqual({
      dialect: 'sqlite',
      location: file,
      schemaVersion: '0005_edit_warnings',
      engineVersion: expect.stringMatching(/^3\.\d+\.\d+$/),
      sizeBytes: expect.any(Number),
      integrity: { state: 'ok' },
    })
    expect(existsSync(`${file}-wal`)).toBe(true)
    await store.close()
    expect(existsSync(`${file}-wal`)).toBe(false)
  })

  test('is made of an empty file too, whose mode is left alone', async () => {
    const file = join(tempDir(), 'coordinator.db')
    writeFileSync(file, '')
    chmodSync(file, 0o640)
    await (await openStore({ file })).close()
    expect(statSync(file).mode & 0o777).toBe(0o640)
  })

  test('keeps what was written when it is opened again', async () => {
    const file = await aDatabase()
    const store = await openStore({ file })
    await store.write('r1', (tx) => tx.insertSession(aSession()))
    await store.close()
    const again = await openStore({ file })
    expect(await again.read.sessionById('s1')).toEqual(aSession())
    await again.close()
  })
})

describe('what cannot be used is refused and left as it is', () => {
  test('a database of a newer version', async () => {
    const file = await aDatabase()
    const raw = new Database(file)
    raw.exec(`insert into kysely_migration values ('9999_from_the_future', '2030-01-01T00:00:00.000Z')`)
    raw.close()
    const error = await refused(file)
    expect(error).toMatchObject({ code: 'STORE_NEWER', data: { unknownMigration: '9999_from_the_future' } })
    expect(error.hint).toContain('Update parallel-cc')
  })

  test('a newer database that is not in write-ahead mode', async () => {
    const file = await aDatabase()
    const raw = new Database(file)
    raw.pragma('journal_mode = delete')
    raw.exec(`insert into kysely_migration values ('0002a_unknown', '2030-01-01T00:00:00.000Z')`)
    raw.close()
    expect((await refused(file)).code).toBe('STORE_NEWER')
  })

  test('a database of another program', async () => {
    const file = join(tempDir(), 'coordinator.db')
    const raw = new Database(file)
    raw.exec('create table sessions (id text, repo_path text)')
    raw.close()
    expect(await refused(file)).toMatchObject({
      code: 'STORE_NOT_A_DATABASE',
      data: { tables: ['sessions'] },
    })
  })

  test('a file that is no database', async () => {
    const file = join(tempDir(), 'coordinator.db')
    writeFileSync(file, 'These are my notes, dear program.\n'.repeat(100))
    expect((await refused(file)).code).toBe('STORE_NOT_A_DATABASE')
  })

  test('a damaged database', async () => {
    const file = await aDatabase()
    overwrite(file, 100, 3_000)
    const error = await refused(file)
    expect(error.code).toBe('STORE_CORRUPT')
    expect(error.hint).toContain('left as it is')
  })

  test('a truncated database', async () => {
    const file = await aDatabase()
    writeFileSync(file, readFileSync(file).subarray(0, 5_000))
    expect((await refused(file)).code).toBe('STORE_CORRUPT')
  })

  test('a folder', async () => {
    const error = await openStore({ file: tempDir() }).catch((reason: StoreError) => reason)
    expect(error).toMatchObject({ code: 'STORE_NOT_A_DATABASE' })
  })

  test('a path that leads through a file', async () => {
    const dir = tempDir()
    writeFileSync(join(dir, 'file'), 'x')
    await expect(openStore({ file: join(dir, 'file', 'coordinator.db') })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      hint: expect.stringContaining('path'),
    })
    expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('x')
  })

  test('a damaged table that opening does not read is found by info', async () => {
    const file = await aDatabase()
    const raw = new Database(file)
    const page = raw
      .prepare(`select rootpage from sqlite_master where name = 'leases'`)
      .pluck()
      .get() as number
    raw.close()
    overwrite(file, (page - 1) * 4_096, 4_096)
    const store = await openStore({ file })
    expect(await store.info()).toMatchObject({
      integrity: { state: 'damaged', problems: [expect.any(String)] },
    })
    await expect(store.db.selectFrom('leases').selectAll().execute()).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
    })
    await store.close()
  })
})

function overwrite(file: string, at: number, length: number): void {
  const fd = openSync(file, 'r+')
  writeSync(fd, Buffer.alloc(length, 0xa5), 0, length, at)
  closeSync(fd)
}

describe('the native part of the driver', () => {
  test('that is not there is named, with what to do', async () => {
    const file = join(tempDir(), 'coordinator.db')
    await expect(openStore({ file }, { nativeBinding: '/no/such/addon.node' })).rejects.toMatchObject({
      code: 'STORE_DRIVER_MISSING',
      hint: expect.stringContaining('npm rebuild better-sqlite3'),
    })
  })

  test('that cannot be loaded is named as well', async () => {
    const dir = tempDir()
    const addon = join(dir, 'addon.node')
    writeFileSync(addon, 'not a library')
    await expect(openStore({ file: join(dir, 'a.db') }, { nativeBinding: addon })).rejects.toMatchObject({
      code: 'STORE_DRIVER_MISSING',
      data: { systemCode: 'ERR_DLOPEN_FAILED' },
    })
  })
})

describe('without the rights to write', () => {
  test('a user who has them may write (the control of the tests below)', async () => {
    const file = await ofNobody({ file: 0o600, dir: 0o700 })
    expect(await child.run(asNobody(child.argv('write', file)))).toEqual({ done: true })
    expect(await child.run(asNobody(child.argv('count-hot', file)))).toEqual({ done: true })
  })

  test.each(['write', 'write-hot'])('a read-only file is reported as that (%s)', async (step) => {
    const file = await ofNobody({ file: 0o400, dir: 0o700 })
    const before = readFileSync(file)
    expect(await child.run(asNobody(child.argv(step, file)))).toMatchObject({
      ours: true,
      code: 'STORE_READ_ONLY',
    })
    expect(readFileSync(file).equals(before)).toBe(true)
  })

  test.each(['write', 'write-hot'])('a read-only folder is reported as that (%s)', async (step) => {
    const file = await ofNobody({ file: 0o600, dir: 0o500 })
    const said = await child.run(asNobody(child.argv(step, file)))
    chmodSync(dirname(file), 0o700)
    expect(said).toMatchObject({ ours: true, code: 'STORE_READ_ONLY' })
  })

  test('a folder in which nothing can be made is reported as read-only', async () => {
    const base = tempDir()
    chmodSync(base, 0o555)
    const said = await child.run(asNobody(child.argv('write', join(base, 'state', 'coordinator.db'))))
    chmodSync(base, 0o700)
    expect(said).toMatchObject({ ours: true, code: 'STORE_READ_ONLY' })
  })

  test.each(['write', 'write-hot'])(
    'a file that cannot even be read is reported as denied (%s)',
    async (step) => {
      const file = await ofNobody({ file: 0o000, dir: 0o700 })
      expect(await child.run(asNobody(child.argv(step, file)))).toMatchObject({
        ours: true,
        code: 'STORE_DENIED',
      })
    },
  )
})

describe('the disk', () => {
  const unshare = process.getuid?.() === 0 ? ['unshare', '-m'] : ['unshare', '-Urm']
  const mountable =
    spawnSync(unshare[0]!, [...unshare.slice(1), 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0

  const mounting = (mount: string, argv: string[]): string[] => [...unshare, 'sh', '-c', mount, 'sh', ...argv]

  /** Runs the child with a small disk of its own at `dir`, or where that is not allowed, under a limit for files. */
  const onDisk = (dir: string, kilobytes: number, argv: string[]): string[] =>
    mountable
      ? mounting('mount -t tmpfs -o size="$1" none "$2" && shift 2 && exec "$@"', [
          `${kilobytes}k`,
          dir,
          ...argv,
        ])
      : ['prlimit', `--fsize=${kilobytes * 512}`, '--', ...argv]

  test('that becomes full is reported as full, and what was written before is kept', async () => {
    const dir = tempDir()
    const said = await child.run(onDisk(dir, 1_200, child.argv('fill', join(dir, 'coordinator.db'))))
    expect(said).toMatchObject({ ours: true, code: 'STORE_FULL', integrity: { state: 'ok' } })
    expect(said.written).toBeGreaterThan(0)
    expect(said.kept).toBe(said.written)
  })

  test('that has no room for a new database is reported as full', async () => {
    const dir = tempDir()
    const said = await child.run(onDisk(dir, 48, child.argv('open', join(dir, 'coordinator.db'))))
    expect(said).toMatchObject({ ours: true, code: 'STORE_FULL' })
    expect(said.hint).toContain('Free some disk space')
  })

  test('that is mounted read-only is reported as read-only', async () => {
    const file = await ofNobody(mountable ? { file: 0o600, dir: 0o700 } : { file: 0o400, dir: 0o500 })
    const argv = child.argv('write', file)
    const remount = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'
    const said = await child.run(mountable ? mounting(remount, [dirname(file), ...argv]) : asNobody(argv))
    chmodSync(dirname(file), 0o700)
    expect(said).toMatchObject({ ours: true, code: 'STORE_READ_ONLY' })
  })
})
