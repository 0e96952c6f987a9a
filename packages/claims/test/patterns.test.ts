import fc from 'fast-check'
import picomatch from 'picomatch'
import { describe, expect, test } from 'vitest'
import { claimCovers, folderPattern, globsOverlap } from '../src/index.js'
import { meansEverything, prefixesOf } from '../src/patterns.js'

const RUNS = process.env.PCC_DEEP === '1' ? 100_000 : 2_000
const OPTIONS = { dot: true, noextglob: true, nonegate: true, posix: true, windows: false }

/** Few letters, so that what is generated meets often. */
const letter = fc.constantFrom('a', 'b', 'c')
const piece = fc.oneof(
  { weight: 5, arbitrary: letter },
  { weight: 2, arbitrary: fc.constantFrom('*', '?') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('[ab]', '[!a]', '[^b]', '[a-b]', '{a,b}', '{a,bc,*}', '{ab,?}', '\\*'),
  },
)
const segment = fc.oneof(
  { weight: 6, arbitrary: fc.array(piece, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')) },
  { weight: 2, arbitrary: fc.constant('**') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '{a,b}',
      '{a,b}/{b,c}',
      '{a/b,c}',
      '{**,a}',
      '**{a,b}',
      '{a,b}**',
      '{**a,b}',
      '{a**,b}',
    ),
  },
)
const glob = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
const name = fc.array(fc.oneof(letter, fc.constantFrom('*', '.x')), { minLength: 1, maxLength: 3 })
const path = fc
  .array(
    name.map((parts) => parts.join('')),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join('/'))

const matches = (pattern: string, file: string): boolean => picomatch(pattern, OPTIONS)(file)

describe('two globs', () => {
  test('overlap in both directions alike', () => {
    fc.assert(
      fc.property(glob, glob, (a, b) => {
        expect(globsOverlap(a, b)).toBe(globsOverlap(b, a))
      }),
      { numRuns: RUNS, seed: 4 },
    )
  })

  test('overlap whenever a path exists that both match', () => {
    let met = 0
    fc.assert(
      fc.property(glob, glob, fc.array(path, { minLength: 20, maxLength: 20 }), (a, b, files) => {
        const shared = files.find((file) => matches(a, file) && matches(b, file))
        if (shared === undefined) return true
        met += 1
        return globsOverlap(a, b)
      }),
      { numRuns: RUNS, seed: 5 },
    )
    expect(met).toBeGreaterThan(RUNS / 50)
  })

  test('made of one path by putting wildcards in its place overlap', () => {
    const widened = (file: string, choices: readonly number[]): string =>
      file
        .split('/')
        .map((part, at) => {
          const choice = choices[at] ?? 0
          if (choice === 1) return '**'
          if (choice === 2) return '*'
          if (choice === 3) return `${part.slice(0, 1).replace('*', '?')}*`
          if (choice === 4) return part.replace(/./g, '?')
          return choice === 5 ? `{zz,${part.replaceAll('*', '\\*')}}` : part.replaceAll('*', '\\*')
        })
        .join('/')
    const choices = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 4, maxLength: 4 })
    fc.assert(
      fc.property(path, choices, choices, (file, one, other) => {
        expect(globsOverlap(widened(file, one), widened(file, other))).toBe(true)
      }),
      { numRuns: RUNS, seed: 6 },
    )
  })

  test.each([
    ['src/**', 'src/a.ts', true],
    ['src/**', 'src/a.*', true],
    ['src/a.ts', 'src/a.*', true],
    ['src/**', 'src', true],
    ['src/*.ts', 'src/*.js', false],
    ['src/*/a.ts', 'src/a.ts', false],
    ['src/a*', 'src/*b', true],
    ['src/[ab].ts', 'src/[c-d].ts', false],
    ['{src,lib}/a', '{test,lib}/*', true],
    ['{src,lib}/a', 'test/**', false],
    ['**/a.ts', 'src/**', true],
    ['**/a.ts', '**/b.ts', false],
    ['app/(auth)/*', 'app/(auth)/page.tsx', true],
    ['app/(auth)/*', 'app/auth/page.tsx', false],
    ['a{1..3}', 'a2', true],
    ['src/!(a)', 'lib/b', true],
    ['src/[', 'lib/b', true],
    ['**{a,b}', 'a/a', true],
    ['{a/{b,c}', '{a/b', true],
    ['?.ts', '🌳.ts', true],
    ['??.ts', '🌳.ts', false],
    ['[🌲-🌴].ts', '🌳.ts', true],
    ['[!🌳].ts', '🌳.ts', false],
    ['🌳*', '*.ts', true],
  ])('%s and %s: %s', (a, b, expected) => {
    expect(globsOverlap(a, b)).toBe(expected)
    expect(globsOverlap(b, a)).toBe(expected)
  })

  test('of hostile length take no long time', () => {
    const many = 'a*'.repeat(1_000)
    const deep = '**/a/'.repeat(400)
    const started = performance.now()
    globsOverlap(`${many}b`, `${many}c`)
    globsOverlap(`${deep}b`, `${deep}c`)
    globsOverlap('{a,b}'.repeat(500), '{b,c}'.repeat(500))
    globsOverlap('{'.repeat(4_000), '{a,'.repeat(1_000))
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})

test('whatever a glob matches begins with one of its prefixes', () => {
  expect(prefixesOf('{src,lib/x}/a.*')).toEqual(['src', 'lib/x'])
  fc.assert(
    fc.property(glob, path, (pattern, file) => {
      if (matches(pattern, file))
        expect(prefixesOf(pattern).some((prefix) => file.startsWith(prefix))).toBe(true)
    }),
    { numRuns: RUNS, seed: 9 },
  )
})

describe('a claim', () => {
  test('on a glob covers whatever picomatch says that it matches', () => {
    let covered = 0
    fc.assert(
      fc.property(glob, path, (pattern, file) => {
        if (!matches(pattern, file)) return true
        covered += 1
        return claimCovers({ path: pattern, isGlob: true }, file)
      }),
      { numRuns: RUNS * 4, seed: 7 },
    )
    expect(covered).toBeGreaterThan(RUNS / 50)
  })

  test('on a glob of plain wildcards covers nothing else', () => {
    const plain = fc
      .array(fc.oneof(letter, fc.constantFrom('?', '[ab]', '[!a]', 'a*', '*b')), {
        minLength: 1,
        maxLength: 3,
      })
      .map((parts) => parts.join(''))
    const pattern = fc.array(plain, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'))
    fc.assert(
      fc.property(pattern, path, (one, file) => {
        expect(claimCovers({ path: one, isGlob: true }, file)).toBe(matches(one, file))
      }),
      { numRuns: RUNS, seed: 8 },
    )
  })

  test('on a path covers that path, whatever characters it has', () => {
    expect(claimCovers({ path: 'a[1].ts', isGlob: false }, 'a[1].ts')).toBe(true)
    expect(claimCovers({ path: 'a[1].ts', isGlob: false }, 'a1.ts')).toBe(false)
    expect(claimCovers({ path: 'src', isGlob: false }, 'src/a.ts')).toBe(false)
  })

  test('on a folder covers what is in it, whatever characters the folder has', () => {
    const folder = { path: folderPattern('app/[id]{x}*!'), isGlob: true }
    expect(claimCovers(folder, 'app/[id]{x}*!/deep/page.tsx')).toBe(true)
    expect(claimCovers(folder, 'app/i/page.tsx')).toBe(false)
  })
})

test.each([
  ['*', true],
  ['**', true],
  ['**/*', true],
  ['*/**', true],
  ['{src,**}', true],
  ['?*', true],
  ['*?', true],
  ['??*', false],
  ['src/**', false],
  ['**/*.ts', false],
  ['?', false],
])('%s means everything: %s', (pattern, expected) => {
  expect(meansEverything(pattern)).toBe(expected)
})
