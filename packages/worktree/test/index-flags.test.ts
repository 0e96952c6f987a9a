import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setProcessEnv, type TempRepo, tempRepo } from '@pcc/test-kit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mayHideFiles } from '../src/index-flags.js'

/** A name of the length at which an entry no longer tells it. */
const LONG = `${'d'.repeat(200)}/${'e'.repeat(200)}/`.repeat(12)

const FILES = { 'a.txt': 'a', 'b/c.txt': 'c', 'b/longer-name.txt': 'l', empty: '' }

function repository(): TempRepo {
  const repo = tempRepo({ files: FILES })
  setProcessEnv(repo.env)
  return repo
}

function indexOf(repo: TempRepo): Buffer {
  return readFileSync(join(repo.root, '.git/index'))
}

describe('an index', () => {
  test('of plain entries hides nothing, with names of any length', () => {
    const repo = repository()
    expect(mayHideFiles(indexOf(repo))).toBe(false)
    const id = repo.git('hash-object', '-w', 'a.txt').trim()
    for (const name of ['x', 'xy', 'xyz', 'x234567', 'x2345678', `${LONG}f`]) {
      repo.git('update-index', '--add', '--cacheinfo', `100644,${id},${name}`)
      expect(mayHideFiles(indexOf(repo)), name).toBe(false)
    }
  })

  test('of a SHA-256 repository is read as well', () => {
    const repo = repository()
    const folder = join(repo.base, 'sha256')
    repo.git('init', '-q', '--object-format=sha256', folder)
    for (const name of ['one', 'second', 'third one']) writeFileSync(join(folder, name), name)
    repo.git('-C', folder, 'add', '.')
    const index = (): Buffer => readFileSync(join(folder, '.git/index'))
    expect(mayHideFiles(index())).toBe(false)
    repo.git('-C', folder, 'update-index', '--skip-worktree', 'second')
    expect(mayHideFiles(index())).toBe(true)
  })

  test.each(['--assume-unchanged', '--skip-worktree'])('with an entry that is %s may hide it', (flag) => {
    const repo = repository()
    repo.git('update-index', flag, 'b/c.txt')
    expect(mayHideFiles(indexOf(repo))).toBe(true)
    repo.git('update-index', flag.replace('--', '--no-'), 'b/c.txt')
    expect(mayHideFiles(indexOf(repo))).toBe(false)
  })

  test('that is only announced with intent-to-add, compressed or split counts as one that may hide files', () => {
    const repo = repository()
    writeFileSync(join(repo.root, 'announced.txt'), 'x')
    repo.git('add', '-N', 'announced.txt')
    expect(mayHideFiles(indexOf(repo))).toBe(true)
    repo.git('reset', '-q')
    repo.git('update-index', '--index-version', '4')
    expect(mayHideFiles(indexOf(repo))).toBe(true)
    repo.git('update-index', '--index-version', '2')
    expect(mayHideFiles(indexOf(repo))).toBe(false)
    repo.git('update-index', '--split-index')
    expect(mayHideFiles(indexOf(repo))).toBe(true)
  })

  test('that is damaged, cut off or none is never taken for one that hides nothing', () => {
    const whole = indexOf(repository())
    expect(mayHideFiles(Buffer.alloc(0))).toBe(true)
    for (let length = 0; length < whole.length; length += 1) {
      expect(mayHideFiles(whole.subarray(0, length)), `cut off after ${length} bytes`).toBe(true)
    }
    // whatever the bytes are, there is an answer
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const index = Buffer.concat([whole.subarray(0, 12), bytes])
        return typeof mayHideFiles(index) === 'boolean'
      }),
      { seed: 1 },
    )
  })
})
