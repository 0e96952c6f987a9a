import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkName, slugOf, WorktreeError } from '../src/index.js'

describe('slugOf', () => {
  it.each([
    ['Fix login', 'fix-login'],
    ['feature/auth', 'feature-auth'],
    ['  --Weird__name!! ', 'weird-name'],
    ['../../etc/passwd', 'etc-passwd'],
    ['日本語 Тест', '日本語-тест'],
    ['Cafe\u0301', 'café'],
    ['हिन्दी नाम', 'हिन्दी-नाम'],
    ['a\nb\tc', 'a-b-c'],
    ['v1.2.lock', 'v1-2-lock'],
    ['x'.repeat(300), 'x'.repeat(60)],
    ['日'.repeat(100), '日'.repeat(20)],
    [`${'x'.repeat(59)} y`, 'x'.repeat(59)],
  ])('makes of %j the slug %j', (name, slug) => {
    expect(slugOf(name)).toBe(slug)
  })

  it.each(['', '   ', '---', '../..', '🙂', '\u0301', '\0'])('has nothing left of %j', (name) => {
    expect(slugOf(name)).toBeNull()
  })

  it('is stable, short, and a name that git and every file system takes', () => {
    const name = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), fc.string())
    fc.assert(
      fc.property(name, (text) => {
        const slug = slugOf(text)
        if (slug === null) return
        expect(slugOf(slug)).toBe(slug)
        expect(slug).toMatch(/^[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(-[\p{L}\p{N}][\p{L}\p{N}\p{M}]*)*$/u)
        expect(Buffer.byteLength(slug)).toBeLessThanOrEqual(60)
        expect(slug).toBe(slug.normalize('NFC'))
      }),
      { numRuns: 2000 },
    )
  })

  it('passes the check that git has for branches', () => {
    for (const name of [
      'Fix login',
      '日本語',
      'a.lock',
      '@',
      'refs/heads/x',
      '-x',
      'x..y',
      'x@{1}',
      '~^:?*[\\',
    ]) {
      const slug = slugOf(name)
      if (slug === null) continue
      expect(execFileSync('git', ['check-ref-format', '--branch', slug], { encoding: 'utf8' }).trim()).toBe(
        slug,
      )
    }
  })
})

describe('checkName', () => {
  it('gives the name back, trimmed', () => {
    expect(checkName('  Fix the "login" — 日本語  ')).toBe('Fix the "login" — 日本語')
    expect(checkName('می\u200cخواهم 👩\u200d💻')).toBe('می\u200cخواهم 👩\u200d💻')
    expect(checkName('x'.repeat(100))).toBe('x'.repeat(100))
  })

  it.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['a\nb', 'control'],
    ['a\u001b[31mb', 'control'],
    ['a\u202eb', 'control'],
    ['a\u2028b', 'control'],
    ['a\0b', 'control'],
    ['a\ud800b', 'control'],
    ['-rf', 'dash'],
    ['x'.repeat(101), '100'],
    ['x'.repeat(300), '100'],
    ['..', 'letter'],
    ['🙂', 'letter'],
    ['HEAD', 'HEAD'],
  ])('refuses %j', (name, reason) => {
    const refused = (): string => checkName(name)
    const shape = { code: 'WORKTREE_BAD_NAME', hint: expect.stringContaining('--name') }
    expect(refused).toThrow(WorktreeError)
    expect(refused).toThrow(expect.objectContaining(shape))
    expect(refused).toThrow(reason)
    // one line, short, and without what could forge a terminal
    expect(refused).toThrow(/^[^\p{Cc}\p{Cf}]{10,150}$/u)
  })
})
