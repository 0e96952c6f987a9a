import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { tempDir } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'
import {
  listReservations,
  type Reservation,
  readReservation,
  release,
  reservationFile,
  reserve,
} from '../src/reservations.js'

const reservation: Reservation = {
  version: 1,
  id: 'a/../b',
  name: 'ünï-日本',
  path: '/tmp/with\nnewline',
  branch: 'ünï-日本',
  base: 'a'.repeat(40),
  backend: 'git',
  owner: { pid: 4711, processStart: '123' },
  createdAt: '2026-01-02T03:04:05.000Z',
}

describe('a reservation', () => {
  it('is read as it was written, and leaves nothing beside it', () => {
    const dir = tempDir()
    expect(listReservations(dir)).toEqual([])
    expect(readReservation(dir, reservation.name)).toBeNull()
    reserve(dir, reservation)
    expect(readReservation(dir, reservation.name)?.reservation).toEqual(reservation)
    expect(listReservations(dir).map((stored) => stored.reservation)).toEqual([reservation])
    expect(readdirSync(dirname(reservationFile(dir, 'x')))).toEqual([`${reservation.name}.json`])
  })

  it('is given to one alone, who is named to the others', () => {
    const dir = tempDir()
    reserve(dir, reservation)
    const refused = expect.objectContaining({
      code: 'WORKTREE_NAME_TAKEN',
      data: expect.objectContaining({ owner: 4711 }),
    })
    expect(() => reserve(dir, { ...reservation, id: 'second' })).toThrow(refused)
    expect(readReservation(dir, reservation.name)?.reservation?.id).toBe('a/../b')
  })

  it('is given back by its holder only', () => {
    const dir = tempDir()
    reserve(dir, reservation)
    release(dir, { ...reservation, id: 'second' })
    expect(existsSync(reservationFile(dir, reservation.name))).toBe(true)
    release(dir, reservation)
    expect(listReservations(dir)).toEqual([])
    release(dir, reservation)
    reserve(dir, reservation)
  })

  it('is none when anything about it is wrong, but still holds the name', () => {
    const dir = tempDir()
    const file = reservationFile(dir, 'x')
    mkdirSync(dirname(file), { recursive: true })
    const wrong = [
      { version: 2 },
      { id: 1 },
      { owner: { pid: 1.5, processStart: null } },
      { owner: null },
      { base: 'HEAD' },
      { branch: '-D' },
      { branch: '' },
      { createdAt: 'now' },
      { backend: 'svn' },
    ]
    for (const part of wrong) {
      writeFileSync(file, JSON.stringify({ ...reservation, ...part }))
      expect(readReservation(dir, 'x')).toMatchObject({ name: 'x', reservation: null })
    }
    expect(() => reserve(dir, { ...reservation, name: 'x' })).toThrow(
      expect.objectContaining({ code: 'WORKTREE_NAME_TAKEN' }),
    )
    expect(readFileSync(file, 'utf8')).toContain('svn')
  })

  it('does not take what cannot be read for nothing', () => {
    const dir = tempDir()
    const failed = expect.objectContaining({ code: 'WORKTREE_FS_FAILED', hint: expect.any(String) })
    mkdirSync(join(dir, 'parallel-cc'))
    writeFileSync(join(dir, 'parallel-cc/creations'), 'a file')
    expect(() => listReservations(dir)).toThrow(failed)
    expect(() => reserve(dir, reservation)).toThrow(failed)
    const other = tempDir()
    mkdirSync(reservationFile(other, 'x'), { recursive: true })
    expect(() => readReservation(other, 'x')).toThrow(failed)
  })
})
