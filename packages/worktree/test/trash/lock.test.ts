import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'
import { takeAway } from '../../src/trash/durable.js'
import {
  lockRemoval,
  type RemovalActor,
  type RemovalOwner,
  removalOwner,
  unlockRemoval,
} from '../../src/trash/lock.js'

const owner = (pid: number): RemovalOwner => ({ pid, processStart: `start-${pid}` })

function actor(pid: number, alive: number[]): RemovalActor {
  return { now: '2026-01-01T00:00:00.000Z', owner: owner(pid), isAlive: (other) => alive.includes(other.pid) }
}

describe('the lock of a removal', () => {
  it('is held by one process until it is given back', async () => {
    const folder = tempDir()
    const first = await lockRemoval(folder, actor(1, [1, 2]))
    expect(first).toEqual({ name: 'lock-000001.json' })
    expect(await removalOwner(folder, () => true)).toEqual(owner(1))
    expect(await lockRemoval(folder, actor(2, [1, 2]))).toBeNull()
    await unlockRemoval(folder, first!)
    expect(await removalOwner(folder, () => true)).toBeNull()
    expect(await lockRemoval(folder, actor(2, [1, 2]))).not.toBeNull()
  })

  it('passes from a dead process to exactly one of many', async () => {
    const folder = tempDir()
    await lockRemoval(folder, actor(1, [1]))
    const contenders = Array.from({ length: 12 }, (_, n) => n + 2)
    const locks = await Promise.all(contenders.map((pid) => lockRemoval(folder, actor(pid, contenders))))
    expect(locks.filter((lock) => lock !== null)).toHaveLength(1)
    expect(readdirSync(folder).toSorted()).toEqual(['lock-000001.json', 'lock-000002.json'])
  })

  it('passes on when the last one was never written in full, and is nobody’s any more in a folder that is gone', async () => {
    const folder = tempDir()
    writeFileSync(join(folder, 'lock-000007.json'), '{"own')
    const lock = await lockRemoval(folder, actor(1, [1]))
    expect(lock).toEqual({ name: 'lock-000008.json' })
    rmSync(folder, { recursive: true })
    await unlockRemoval(folder, lock!)
    expect(await lockRemoval(folder, actor(1, [1]))).toBeNull()
  })

  it('gives way, and never fails, while the folder is taken away under those that want it', async () => {
    for (let round = 0; round < 30; round += 1) {
      const folder = tempDir()
      const pids = [1, 2, 3, 4, 5, 6]
      const wanting = pids.map(async (pid) => {
        const lock = await lockRemoval(folder, actor(pid, pids))
        if (lock !== null) await takeAway(folder)
        return lock
      })
      const locks = await Promise.all(wanting)
      expect(locks.filter((lock) => lock !== null)).toHaveLength(1)
    }
  })
})
