import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '@pcc/test-kit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Marker, readMarker, WorktreeError, writeMarker } from '../src/index.js'
import { parseMarker } from '../src/marker.js'

const marker: Marker = {
  version: 1,
  id: '0f/../x',
  path: '/tmp/a\nb',
  branch: 'ünï-日本',
  base: 'a'.repeat(40),
  createdAt: '2026-01-02T03:04:05.678Z',
}

describe('a marker', () => {
  it('is read as it was written, replaces an older one and leaves nothing beside it', () => {
    const dir = tempDir()
    expect(readMarker(dir)).toBeNull()
    writeMarker(dir, marker)
    expect(readMarker(dir)).toEqual(marker)
    writeMarker(dir, { ...marker, id: 'second' })
    expect(readMarker(dir)?.id).toBe('second')
    expect(readdirSync(dir)).toEqual(['parallel-cc.json'])
  })

  it('is none when anything about it is wrong', () => {
    const wrong = [
      '',
      '{',
      '[]',
      'null',
      '"text"',
      JSON.stringify({ ...marker, version: 2 }),
      JSON.stringify({ ...marker, id: 7 }),
      JSON.stringify({ ...marker, id: '' }),
      JSON.stringify({ ...marker, path: 'a\0b' }),
      JSON.stringify({ ...marker, branch: '--delete' }),
      JSON.stringify({ ...marker, base: 'HEAD' }),
      JSON.stringify({ ...marker, base: 'a'.repeat(41) }),
      JSON.stringify({ ...marker, createdAt: 'yesterday' }),
    ]
    for (const text of wrong) expect(parseMarker(text)).toBeNull()
    expect(parseMarker(JSON.stringify({ ...marker, more: 'later' }))).toEqual(marker)
  })

  it('never makes reading fail, whatever stands in the file', () => {
    const dir = tempDir()
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.object().map((value) => JSON.stringify(value)),
        ),
        (text) => {
          writeFileSync(join(dir, 'parallel-cc.json'), text)
          expect(readMarker(dir)).toBeNull()
        },
      ),
    )
  })

  it('is none when it is a folder, a dangling link, a loop or far too big', () => {
    const [folder, dangling, loop, big] = [tempDir(), tempDir(), tempDir(), tempDir()]
    mkdirSync(join(folder, 'parallel-cc.json'))
    symlinkSync('/nowhere', join(dangling, 'parallel-cc.json'))
    symlinkSync('parallel-cc.json', join(loop, 'parallel-cc.json'))
    writeFileSync(join(big, 'parallel-cc.json'), JSON.stringify({ ...marker, more: 'x'.repeat(100_000) }))
    for (const dir of [folder, dangling, loop, big, join(big, 'missing')]) expect(readMarker(dir)).toBeNull()
  })

  it('replaces a link instead of writing through it', () => {
    const dir = tempDir()
    const target = join(tempDir(), 'target')
    writeFileSync(target, 'precious')
    symlinkSync(target, join(dir, 'parallel-cc.json'))
    writeMarker(dir, marker)
    expect(readFileSync(target, 'utf8')).toBe('precious')
    expect(readMarker(dir)).toEqual(marker)
  })

  it('says when it cannot be written', () => {
    expect(() => writeMarker(join(tempDir(), 'missing'), marker)).toThrow(WorktreeError)
  })
})
