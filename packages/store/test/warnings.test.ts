import { describe, expect, test } from 'vitest'
import type { WarningRecord } from '../src/records.js'
import { aSession, T0 } from './records.js'
import { doors } from './stores.js'

const LATER = '2026-01-02T03:05:00.000Z'

function aWarning(fields: Partial<WarningRecord> = {}): WarningRecord {
  return { sessionId: 's1', repoId: 'r1', path: 'src/a.ts', holder: 's2', warnedAt: T0, ...fields }
}

describe.each(doors())('warnings through $name', (door) => {
  test('a warning is kept as it was first given, once for each path and holder', async () => {
    const store = await door.open()
    await store.write('r1', async (tx) => {
      await tx.putWarning(aWarning())
      await tx.putWarning(aWarning({ warnedAt: LATER }))
      await tx.putWarning(aWarning({ holder: 's3' }))
      await tx.putWarning(aWarning({ path: "o'dd ü%_.ts" }))
      await tx.putWarning(aWarning({ sessionId: 's9' }))
    })
    const found = await store.read.warningsOf('s1', ['src/a.ts', "o'dd ü%_.ts", 'other'])
    expect(found).toHaveLength(3)
    expect(found).toContainEqual(aWarning())
    expect(found).toContainEqual(aWarning({ holder: 's3' }))
    expect(await store.read.warningsOf('s1', [])).toEqual([])
    const many = Array.from({ length: 2_000 }, (_, number) => `src/${number}.ts`)
    expect(await store.read.warningsOf('s1', [...many, 'src/a.ts'])).toHaveLength(2)
  })

  test('ending a session forgets its warnings, and nobody else’s', async () => {
    const store = await door.open()
    await store.write('r1', async (tx) => {
      await tx.insertSession(aSession())
      await tx.putWarning(aWarning())
      await tx.putWarning(aWarning({ sessionId: 's9' }))
      await tx.endSession('s1', { endedAt: LATER, endReason: 'stop' })
    })
    expect(await store.read.warningsOf('s1', ['src/a.ts'])).toEqual([])
    expect(await store.read.warningsOf('s9', ['src/a.ts'])).toHaveLength(1)
  })
})
