import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { parseClaimPath, placePath } from '../src/index.js'

/** A main tree with a nested and a far linked one; no git is needed for where a path is. */
function trees() {
  const base = tempDir()
  const main = join(base, 'repo')
  const far = join(base, 'repo-worktrees', 'far')
  const nested = join(main, '.claude', 'worktrees', 'near')
  for (const root of [main, far, nested]) mkdirSync(join(root, 'src'), { recursive: true })
  const all = [main, far, nested]
  const place = (path: string, cwd = main) => placePath({ path, cwd, trees: all })
  return { base, main, far, nested, all, place }
}

describe('a path is placed', () => {
  test('relative to the tree with the longest root', () => {
    const { main, far, nested, place } = trees()
    expect(place('src/new/a.ts')).toEqual({ kind: 'inside', tree: main, path: 'src/new/a.ts' })
    expect(place(join(far, 'src/a.ts'))).toEqual({ kind: 'inside', tree: far, path: 'src/a.ts' })
    expect(place('.claude/worktrees/near/src/a.ts')).toEqual({
      kind: 'inside',
      tree: nested,
      path: 'src/a.ts',
    })
    expect(place('a.ts', join(nested, 'src'))).toEqual({ kind: 'inside', tree: nested, path: 'src/a.ts' })
    expect(place('../../far/x', join(far, 'src'))).toEqual({ kind: 'inside', tree: far, path: 'x' })
  })

  test('as the root of a tree, in any spelling', () => {
    const { main, far, place } = trees()
    for (const path of ['.', '', './', 'src/..', main, `${main}/`])
      expect(place(path)).toEqual({ kind: 'root', tree: main })
    expect(place(far)).toEqual({ kind: 'root', tree: far })
  })

  test('outside when it is in no tree, in a tree’s namesake, or in git’s own folder', () => {
    const { base, main, place } = trees()
    expect(place('../elsewhere')).toEqual({ kind: 'outside', path: join(base, 'elsewhere') })
    expect(place(`${main}2/a.ts`)).toMatchObject({ kind: 'outside' })
    for (const path of ['.git', '.git/hooks/pre-commit', 'sub/.git/config', '.GIT/config']) {
      expect(place(path)).toMatchObject({ kind: 'outside' })
    }
    expect(place('.gitignore')).toMatchObject({ kind: 'inside' })
    expect(place('a\0b')).toMatchObject({ kind: 'outside' })
    expect(place('/')).toEqual({ kind: 'outside', path: '/' })
  })

  test('where a link leads, also when what it leads to is not there yet', () => {
    const { base, main, far, place } = trees()
    symlinkSync(far, join(base, 'link'))
    symlinkSync('src/new.ts', join(main, 'dangling'))
    symlinkSync('src', join(main, 'source'))
    symlinkSync('/etc', join(main, 'etc'))
    expect(place(join(base, 'link/src/a.ts'))).toMatchObject({ tree: far, path: 'src/a.ts' })
    expect(place('dangling')).toMatchObject({ tree: main, path: 'src/new.ts' })
    expect(place('source/deep/../b.ts')).toMatchObject({ path: 'src/b.ts' })
    expect(place('etc/passwd')).toEqual({ kind: 'outside', path: realpathSync('/etc/passwd') })
    mkdirSync(join(far, 'src', 'deep'))
    symlinkSync(join(far, 'src', 'deep'), join(main, 'jump'))
    expect(place('jump/../c.ts')).toMatchObject({ tree: far, path: 'src/c.ts' })
  })

  test('without end when links run in a circle', () => {
    const { main, place } = trees()
    symlinkSync('b', join(main, 'a'))
    symlinkSync('a', join(main, 'b'))
    expect(place('a/x.ts')).toMatchObject({ kind: 'inside' })
  })

  test('in one spelling where the disk folds case, and as written where it does not', () => {
    const { main, all } = trees()
    const folded = (path: string) => placePath({ path, cwd: main, trees: all }, () => true)
    expect(folded('SRC/Api.ts')).toEqual(folded('src/api.TS'))
    expect(folded('e\u0301.ts')).toEqual(folded('\u00e9.ts'))
    expect(folded(join(main.toUpperCase(), 'a.ts'))).toMatchObject({ kind: 'inside', path: 'a.ts' })
    expect(placePath({ path: 'SRC/Api.ts', cwd: main, trees: all })).toMatchObject({ path: 'SRC/Api.ts' })
  })
})

describe('what is typed is taken', () => {
  const parse = (it: ReturnType<typeof trees>, text: string, more: { cwd?: string; force?: boolean } = {}) =>
    parseClaimPath({ text, cwd: it.main, trees: it.all, ...more })

  test('as a path when nothing in it is special, or when that very file is there', () => {
    const it = trees()
    expect(parse(it, './src/../src/a.ts')).toEqual({ path: 'src/a.ts', isGlob: false })
    writeFileSync(join(it.main, 'a[1].ts'), '')
    expect(parse(it, 'a[1].ts')).toEqual({ path: 'a[1].ts', isGlob: false })
    expect(parse(it, 'b[1].ts')).toEqual({ path: 'b[1].ts', isGlob: true })
    symlinkSync('nowhere', join(it.main, 'what?'))
    expect(parse(it, 'what?')).toEqual({ path: 'nowhere', isGlob: false })
  })

  test('as all that is in it when it is a folder', () => {
    const it = trees()
    mkdirSync(join(it.main, 'app', '[id]'), { recursive: true })
    expect(parse(it, 'src')).toEqual({ path: 'src/**', isGlob: true })
    expect(parse(it, 'app/[id]/')).toEqual({ path: String.raw`app/\[id\]/**`, isGlob: true })
    expect(parse(it, 'new/')).toEqual({ path: 'new/**', isGlob: true })
  })

  test('as a glob below the folder that it begins with', () => {
    const it = trees()
    mkdirSync(join(it.main, 'app', '[id]'), { recursive: true })
    symlinkSync('src', join(it.main, 'source'))
    expect(parse(it, 'source/*.ts')).toEqual({ path: 'src/*.ts', isGlob: true })
    expect(parse(it, '*.ts', { cwd: join(it.main, 'src') })).toEqual({ path: 'src/*.ts', isGlob: true })
    expect(parse(it, '../*.ts', { cwd: join(it.main, 'src') })).toEqual({ path: '*.ts', isGlob: true })
    expect(parse(it, join(it.far, 'src/{a,b}/**'))).toEqual({ path: 'src/{a,b}/**', isGlob: true })
    expect(parse(it, String.raw`app/\[id\]/*.tsx`)).toEqual({
      path: String.raw`app/\[id\]/*.tsx`,
      isGlob: true,
    })
  })

  test('literally below a folder whose name looks like a pattern, so that what is new there is covered', () => {
    const it = trees()
    mkdirSync(join(it.main, 'app', '[id]', '{x}'), { recursive: true })
    expect(parse(it, 'app/[id]/new.tsx')).toEqual({ path: 'app/[id]/new.tsx', isGlob: false })
    expect(parse(it, join(it.far, 'app/[id]/new.tsx'))).toEqual({ path: 'app/[id]/new.tsx', isGlob: false })
    expect(parse(it, '[id]/new.tsx', { cwd: join(it.main, 'app') })).toMatchObject({ isGlob: false })
    expect(parse(it, 'app/[id]/{x}/*.tsx')).toEqual({
      path: String.raw`app/\[id\]/\{x\}/*.tsx`,
      isGlob: true,
    })
    expect(parse(it, 'app/[ab]/new.tsx')).toEqual({ path: 'app/[ab]/new.tsx', isGlob: true })
    expect(parse(it, String.raw`app/\[new\]/a.ts`)).toEqual({ path: 'app/[new]/a.ts', isGlob: false })
    expect(parse(it, String.raw`\[new\]/`)).toEqual({ path: String.raw`\[new\]/**`, isGlob: true })
  })

  test('as what it is in another tree when it is not here', () => {
    const it = trees()
    writeFileSync(join(it.far, 'a[1].ts'), '')
    mkdirSync(join(it.far, 'fresh'))
    expect(parse(it, 'a[1].ts')).toEqual({ path: 'a[1].ts', isGlob: false })
    expect(parse(it, 'fresh')).toEqual({ path: 'fresh/**', isGlob: true })
  })

  test('in one spelling where the disk folds case', () => {
    const it = trees()
    const folded = parseClaimPath({ text: 'Src/**/API.*', cwd: it.main, trees: it.all }, () => true)
    expect(folded).toEqual({ path: 'src/**/api.*', isGlob: true })
  })

  test.each([
    ['', 'CLAIMS_BAD_PATH'],
    ['  ', 'CLAIMS_BAD_PATH'],
    ['a\0', 'CLAIMS_BAD_PATH'],
    ['*', 'CLAIMS_TOO_WIDE'],
    ['**', 'CLAIMS_TOO_WIDE'],
    ['./**/*', 'CLAIMS_TOO_WIDE'],
    ['.', 'CLAIMS_TOO_WIDE'],
    ['src/..', 'CLAIMS_TOO_WIDE'],
    ['../*', 'CLAIMS_OUTSIDE'],
    ['/etc/*', 'CLAIMS_OUTSIDE'],
    ['.git/*', 'CLAIMS_OUTSIDE'],
    ['src/*/../a', 'CLAIMS_BAD_GLOB'],
    ['src/!(a)', 'CLAIMS_BAD_GLOB'],
    ['src/[a', 'CLAIMS_BAD_GLOB'],
    ['{a/{b,c}', 'CLAIMS_BAD_GLOB'],
    ['?*', 'CLAIMS_TOO_WIDE'],
    ['{a,b}'.repeat(12), 'CLAIMS_BAD_GLOB'],
    [`${'x'.repeat(5_000)}*`, 'CLAIMS_BAD_GLOB'],
  ])('not at all: %s', (text, code) => {
    expect(() => parse(trees(), text)).toThrow(expect.objectContaining({ code }))
  })

  test('as everything when it is forced', () => {
    const it = trees()
    expect(parse(it, '.', { force: true })).toEqual({ path: '**', isGlob: true })
    expect(parse(it, '**/*', { force: true })).toEqual({ path: '**/*', isGlob: true })
  })
})
