import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runUntilCall, started } from './killed-at-git.js'
import { leftovers, treesFolder } from './state.js'

describe('a creation that was killed', () => {
  test.each([6, 7, 8])(
    'and whose repair was killed at its call %i of git is repaired by the next command',
    async (n) => {
      const it = await started('create:added')
      expect(await runUntilCall(it, n, ['cleanup'])).toMatchObject({ signal: 'SIGKILL' })
      expect((await it.run(['cleanup'])).code).toBe(0)
      expect(leftovers(it)).toEqual([])
      expect(existsSync(join(treesFolder(it), 'work'))).toBe(false)
    },
  )

  test('a reservation that was being written when its program was killed is cleared away', async () => {
    const it = await started('create:reserved')
    const creations = join(it.repo.root, '.git', 'parallel-cc', 'creations')
    // what a kill between writing the draft and giving it its name leaves
    renameSync(join(creations, 'work.json'), join(creations, 'work.json.abcd2345.tmp'))
    expect((await it.run(['cleanup'])).code).toBe(0)
    expect(leftovers(it)).toEqual([])
  })
})
