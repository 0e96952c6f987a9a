import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clashingBranch } from '../src/plan-create.js'

describe('clashingBranch', () => {
  it.each([
    [['main', 'a'], 'a/b', 'a'],
    [['main', 'a/b'], 'a', 'a/b'],
    [['A'], 'a/b', 'A'],
    [['Topic'], 'topic', 'Topic'],
    [['Topic', 'topic'], 'topic', 'topic'],
    [['cafe\u0301'], 'café', 'cafe\u0301'],
    [['ab', 'a-b', 'x/a'], 'a', null],
    [[], 'a', null],
  ])('among %j finds what keeps %j from being made: %j', (existing, wanted, clash) => {
    expect(clashingBranch(existing, wanted)).toBe(clash)
  })

  it('is the same either way round', () => {
    const branch = fc.stringMatching(/^[ab](\/[aB]){0,3}$/)
    fc.assert(
      fc.property(branch, branch, (left, right) => {
        expect(clashingBranch([left], right) === null).toBe(clashingBranch([right], left) === null)
      }),
    )
  })
})
