import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, sleeper, tempDir } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { linuxProcessTable } from '../../src/processes/linux.js'
import { psProcessTable } from '../../src/processes/ps.js'
import { pidExists, systemProcessTable } from '../../src/processes/table.js'

const tables = [
  ['/proc', linuxProcessTable()],
  ['ps', psProcessTable()],
] as const

describe.each(tables)('the process table from %s', (_name, table) => {
  test('tells this process, its parent and when it began', () => {
    const seen = table.look(process.pid)
    expect(seen).toMatchObject({ pid: process.pid, parent: process.ppid })
    expect(seen?.start).not.toBe('')
    expect(table.look(process.pid)).toEqual(seen)
  })

  test('a process that has been reaped is not there', async () => {
    const child = await sleeper()
    expect(table.look(child.pid)).not.toBeNull()
    await child.kill()
    expect(table.look(child.pid)).toBeNull()
  })

  test('a zombie is not there', async () => {
    // the shell becomes a sleep that never reaps the child it had
    const parent = spawn('/bin/sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 3600'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    try {
      const pid = Number(
        await new Promise<string>((resolve) => parent.stdout.once('data', (data) => resolve(String(data)))),
      )
      await eventually('the child is a zombie', () => /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')))
      expect(pidExists(pid)).toBe(true)
      expect(table.look(pid)).toBeNull()
    } finally {
      parent.kill('SIGKILL')
    }
  })
})

test('two processes of one pid have different starts', () => {
  const root = tempDir()
  const table = linuxProcessTable(root)
  const stat = (start: number) => `4242 (a (b) c) S 1 1 1 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 ${start} 1 1`
  mkdirSync(join(root, '4242'))
  writeFileSync(join(root, '4242/stat'), stat(100))
  const before = table.look(4242)
  writeFileSync(join(root, '4242/stat'), stat(200))
  const after = table.look(4242)
  expect(before).toMatchObject({ pid: 4242, parent: 1 })
  expect(before?.start).not.toBe(after?.start)
})

test('a process whose details the system hides is there all the same', () => {
  expect(linuxProcessTable(tempDir()).look(process.pid)).toEqual({ pid: process.pid, parent: 0, start: '' })
  expect(linuxProcessTable(tempDir()).look(2 ** 22 + 1)).toBeNull()
})

test('Linux is read from /proc, other systems are asked by ps', () => {
  expect(systemProcessTable('linux').look(process.pid)?.start).toMatch(/^[0-9a-f]{8}:\d+$/)
  expect(systemProcessTable('darwin').look(process.pid)?.start).toMatch(/^\w{3} \w{3} \d+ \d+:\d+:\d+ \d{4}$/)
})
