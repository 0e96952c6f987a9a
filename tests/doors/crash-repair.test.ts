import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { killAt } from './fault-points.js'
import { runUntilCall, started } from './killed-at-git.js'
import type { Installed } from './program.js'
import { leftovers, stateOf, treesFolder } from './state.js'

const deep = process.env['PCC_DEEP'] === '1'
/** The calls of git at which the program is killed: with `PCC_DEEP` each, until one run comes to its end. */
const CALLS = deep ? Array.from({ length: 200 }, (_, index) => index + 1) : [6, 17]

async function removed(it: Installed): Promise<string> {
  const { worktrees } = (await it.run(['cleanup', '--json'])).json<{ worktrees: { removalId: string }[] }>()
  return worktrees[0]?.removalId as string
}

describe('a command that is killed at any of its calls of git', () => {
  test.each([
    ['cleanup after a start that was killed early', () => started('create:branched'), ['cleanup']],
    [
      'cleanup after a removal that was killed',
      async () => {
        const it = await started()
        await it.run(['cleanup'], { env: killAt('remove:branch') })
        return it
      },
      ['cleanup'],
    ],
    ['cleanup', () => started(), ['cleanup']],
    [
      'restore',
      async () => {
        const it = await started()
        const id = await removed(it)
        writeFileSync(join(it.repo.base, 'id'), id)
        return it
      },
      ['restore'],
    ],
  ] as const)(
    '%s: the next sets all right',
    async (_what, prepare, command) => {
      for (const n of CALLS) {
        const it = await prepare()
        const id = join(it.repo.base, 'id')
        const words = existsSync(id) ? [...command, readFileSync(id, 'utf8')] : command
        const ran = await runUntilCall(it, n, words)
        const last = ran.signal === null
        expect(ran, `call ${n}`).toMatchObject(last ? { code: 0 } : { signal: 'SIGKILL' })
        expect((await it.run(['cleanup'])).code, `call ${n}`).toBe(0)
        expect(leftovers(it), `call ${n}`).toEqual([])
        expect(existsSync(join(treesFolder(it), 'work')), `call ${n}`).toBe(false)
        expect(stateOf(it), `call ${n}`).toMatchObject({ sessions: [], trees: [] })
        if (last) return
      }
    },
    900_000,
  )
})
