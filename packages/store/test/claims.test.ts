import { describe, expect, test } from 'vitest'
import type { ClaimRecord } from '../src/records.js'
import { aSession, T0 } from './records.js'
import { doors } from './stores.js'

const LATER = '2026-01-02T03:05:00.000Z'

function aClaim(fields: Partial<ClaimRecord> = {}): ClaimRecord {
  return {
    sessionId: 's1',
    repoId: 'r1',
    path: 'src/a.ts',
    isGlob: false,
    mode: 'advisory',
    source: 'manual',
    reason: null,
    claimedAt: T0,
    expiresAt: null,
    ...fields,
  }
}

describe.each(doors())('claims through $name', (door) => {
  test('a claim comes back exactly as it was put, strange characters included', async () => {
    const store = await door.open()
    const full = aClaim({
      path: `src/it's [ünï]\n"🌳" %_.ts`,
      mode: 'exclusive',
      source: 'edit',
      reason: `drop table file_claims; --`,
      expiresAt: LATER,
    })
    await store.write('r1', (tx) => tx.putClaim(full))
    expect(await store.read.claimsOf('r1')).toEqual([full])
    expect(await store.read.claimsMeeting('r1', [full.path])).toEqual([full])
  })

  test('putting a claim again replaces the session’s own and leaves those of others', async () => {
    const store = await door.open()
    const renewed = aClaim({ mode: 'exclusive', expiresAt: LATER, reason: 'again', claimedAt: LATER })
    await store.write('r1', async (tx) => {
      await tx.putClaim(aClaim({ sessionId: 's2' }))
      await tx.putClaim(aClaim())
      await tx.putClaim(renewed)
      expect(await tx.claimsOf('r1')).toEqual([renewed, aClaim({ sessionId: 's2' })])
    })
    expect(await store.read.claimsOf('r1')).toEqual([renewed, aClaim({ sessionId: 's2' })])
  })

  test('claims of a repo are listed by path and session, expired ones too, other repos left out', async () => {
    const store = await door.open()
    await store.write('r1', async (tx) => {
      await tx.putClaim(aClaim({ path: 'b' }))
      await tx.putClaim(aClaim({ path: 'Z' }))
      await tx.putClaim(aClaim({ path: 'a', expiresAt: T0 }))
      await tx.putClaim(aClaim({ path: 'a', sessionId: 's0' }))
      await tx.putClaim(aClaim({ path: 'x', repoId: 'r2' }))
    })
    const seen = await store.read.claimsOf('r1')
    expect(seen.map((claim) => [claim.path, claim.sessionId])).toEqual([
      ['Z', 's1'],
      ['a', 's0'],
      ['a', 's1'],
      ['b', 's1'],
    ])
    expect(await store.read.claimsOf('none')).toEqual([])
  })

  test('what can meet paths are the claims on exactly them, and globs that begin as they do, however many are asked about', async () => {
    const store = await door.open()
    await store.write('r1', async (tx) => {
      await tx.putClaim(aClaim())
      await tx.putClaim(aClaim({ path: 'src/b.ts' }))
      await tx.putClaim(aClaim({ path: 'lib/*', isGlob: true }))
      await tx.putClaim(aClaim({ path: 'p7', sessionId: 's2' }))
      await tx.putClaim(aClaim({ path: 'lib/*', isGlob: true, repoId: 'r2', sessionId: 's3' }))
    })
    const meeting = async (paths: string[]) =>
      (await store.read.claimsMeeting('r1', paths)).map((claim) => claim.path)
    expect(await meeting(['src/a.ts', 'src/a.ts'])).toEqual(['src/a.ts'])
    expect(await meeting(['lib/b.ts', 'src/a.ts'])).toEqual(['lib/*', 'src/a.ts'])
    expect(await meeting(['lib/*'])).toEqual(['lib/*'])
    expect(await meeting([])).toEqual([])
    expect(await meeting(Array.from({ length: 2_000 }, (_, n) => `p${n}`))).toEqual(['p7'])
    expect(await meeting(Array.from({ length: 2_000 }, (_, n) => `lib/${n}`))).toEqual(['lib/*'])
  })

  test('what can meet globs are the claims whose path begins as they do, by letters and not by patterns', async () => {
    const store = await door.open()
    const paths = ['src', 'src/a', 'srcb', 'sr_/a', 'SRC/a', 'ünï/a', 'a/src/b', 'x%/a', 'xy/a']
    await store.write('r1', async (tx) => {
      for (const path of paths) await tx.putClaim(aClaim({ path }))
      await tx.putClaim(aClaim({ path: '**/z', isGlob: true }))
    })
    const meeting = async (named: string[], prefixes: string[]) =>
      (await store.read.claimsMeeting('r1', named, prefixes)).map((claim) => claim.path)
    expect(await meeting([], ['src'])).toEqual(['**/z', 'src', 'src/a', 'srcb'])
    expect(await meeting(['src/a', 'xy/a'], ['src/', 'src'])).toEqual([
      '**/z',
      'src',
      'src/a',
      'srcb',
      'xy/a',
    ])
    expect(await meeting([], ['sr_', 'x%', 'ünï/'])).toEqual(['**/z', 'sr_/a', 'x%/a', 'ünï/a'])
    expect(await meeting([], ['lib/'])).toEqual(['**/z'])
    expect(await meeting([], [''])).toHaveLength(paths.length + 1)
  })

  test('deleting returns what was there, and takes nobody else’s', async () => {
    const store = await door.open()
    await store.write('r1', async (tx) => {
      for (const path of ['a', 'b', 'c']) await tx.putClaim(aClaim({ path }))
      await tx.putClaim(aClaim({ path: 'a', sessionId: 's2' }))
    })
    const many = ['b', 'nothing', ...Array.from({ length: 1_000 }, (_, n) => `p${n}`)]
    expect(await store.write('r1', (tx) => tx.deleteClaims('s1', many))).toEqual([aClaim({ path: 'b' })])
    expect(await store.write('r1', (tx) => tx.deleteClaims('s1', []))).toEqual([])
    expect(await store.write('r1', (tx) => tx.deleteClaims('s1', null))).toEqual([
      aClaim({ path: 'a' }),
      aClaim({ path: 'c' }),
    ])
    expect(await store.read.claimsOf('r1')).toEqual([aClaim({ path: 'a', sessionId: 's2' })])
  })

  test('a session’s claims end with it', async () => {
    const store = await door.open()
    await store.write('r1', async (tx) => {
      await tx.insertSession(aSession())
      await tx.putClaim(aClaim())
      await tx.putClaim(aClaim({ sessionId: 's2' }))
      await tx.endSession('s1', { endedAt: LATER, endReason: 'stop' })
    })
    expect((await store.read.claimsOf('r1')).map((claim) => claim.sessionId)).toEqual(['s2'])
  })
})
