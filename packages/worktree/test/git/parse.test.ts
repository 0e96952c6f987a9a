import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseStatus, parseWorktreeList, splitNul } from '../../src/git/parse.js'

const nul = (...fields: string[]): Buffer => Buffer.from(fields.map((field) => `${field}\0`).join(''))
const OID = '0123456789abcdef0123456789abcdef01234567'
const ZERO = '0'.repeat(40)
const name = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !text.includes('\0'))

describe('splitNul', () => {
  it('gives back what was joined, whatever the fields hold', () => {
    fc.assert(
      fc.property(fc.array(name), (fields) => {
        expect(splitNul(nul(...fields)).map(String)).toEqual(fields)
      }),
    )
  })

  it('keeps a last field without terminator', () => {
    expect(splitNul(Buffer.from('a\0b')).map(String)).toEqual(['a', 'b'])
    expect(splitNul(Buffer.alloc(0))).toEqual([])
  })
})

describe('parseWorktreeList', () => {
  it('reads main, detached, locked, prunable and unborn trees', () => {
    const output = nul(
      'worktree /r',
      `HEAD ${OID}`,
      'branch refs/heads/main',
      '',
      'worktree /w',
      `HEAD ${OID}`,
      'detached',
      'locked',
      '',

      'worktree /x',
      `HEAD ${ZERO}`,
      'branch refs/heads/a/b',
      'locked in use\nhere',
      'prunable gone',
      'later thing',
      '',
    )
    expect(parseWorktreeList(output)).toEqual([
      { path: '/r', head: OID, branch: 'main', bare: false, detached: false, locked: null, prunable: null },
      { path: '/w', head: OID, branch: null, bare: false, detached: true, locked: '', prunable: null },
      {
        path: '/x',
        head: null,
        branch: 'a/b',
        bare: false,
        detached: false,
        locked: 'in use\nhere',
        prunable: 'gone',
      },
    ])
  })

  it('reads a bare repository', () => {
    expect(parseWorktreeList(nul('worktree /b.git', 'bare', ''))).toMatchObject([
      { path: '/b.git', bare: true, head: null },
    ])
  })

  it('keeps any path as it is', () => {
    fc.assert(
      fc.property(fc.array(name), (paths) => {
        const output = nul(...paths.flatMap((path) => [`worktree ${path}`, `HEAD ${OID}`, 'detached', '']))
        expect(parseWorktreeList(output).map((entry) => entry.path)).toEqual(paths)
      }),
    )
  })

  it('passes over what belongs to no tree', () => {
    expect(parseWorktreeList(nul('HEAD x', '', 'branch y', ''))).toEqual([])
  })
})

describe('parseStatus', () => {
  it('reads headers and every kind of entry', () => {
    const output = nul(
      `# branch.oid ${OID}`,
      '# branch.head main',
      '# branch.upstream origin/main',
      '# branch.ab +1 -2',
      `1 M. N... 100644 100644 100644 ${OID} ${OID} staged`,
      `1 .M S.MU 160000 160000 160000 ${OID} ${OID} sub module`,
      `2 R. N... 100644 100644 100644 ${OID} ${OID} R100 new name`,
      '? looks like an entry',
      `u UU N... 100644 100644 100644 100644 ${OID} ${OID} ${OID} both`,
      '? -dash\nand line',
      '! ignored/',
    )
    const report = parseStatus(output)
    expect(report).toMatchObject({ head: OID, branch: 'main', upstream: 'origin/main' })
    expect(report.entries.map((entry) => ({ ...entry, rawPath: null }))).toEqual([
      { kind: 'changed', staged: 'M', unstaged: '.', submodule: false, path: 'staged', rawPath: null },
      { kind: 'changed', staged: '.', unstaged: 'M', submodule: true, path: 'sub module', rawPath: null },
      { kind: 'changed', staged: 'R', unstaged: '.', submodule: false, path: 'new name', rawPath: null },
      { kind: 'conflicted', staged: 'U', unstaged: 'U', submodule: false, path: 'both', rawPath: null },
      {
        kind: 'untracked',
        staged: '.',
        unstaged: '.',
        submodule: false,
        path: '-dash\nand line',
        rawPath: null,
      },
      { kind: 'ignored', staged: '.', unstaged: '.', submodule: false, path: 'ignored/', rawPath: null },
    ])
  })

  it('reads an unborn branch', () => {
    expect(parseStatus(nul('# branch.oid (initial)', '# branch.head main'))).toMatchObject({
      head: null,
      branch: 'main',
    })
  })

  it('keeps any path as it is, byte for byte', () => {
    const kinds = fc.constantFrom(
      '? ',
      '! ',
      `1 MM N... 100644 100644 100644 ${OID} ${OID} `,
      `u AA N... 100644 100644 100644 100644 ${OID} ${OID} ${OID} `,
    )
    const bytes = fc.uint8Array({ min: 1, minLength: 1 })
    fc.assert(
      fc.property(fc.array(fc.tuple(kinds, bytes)), (records) => {
        const output = Buffer.concat(
          records.flatMap(([head, path]) => [Buffer.from(head), path, Buffer.from([0])]),
        )
        expect(parseStatus(output).entries.map((entry) => [...entry.rawPath])).toEqual(
          records.map(([, path]) => [...path]),
        )
      }),
    )
  })

  it('refuses a record that it does not know, and one that is cut off', () => {
    expect(() => parseStatus(nul('3 .M what'))).toThrow(SyntaxError)
    expect(() => parseStatus(nul('1 M. N... 100644'))).toThrow(SyntaxError)
  })
})
