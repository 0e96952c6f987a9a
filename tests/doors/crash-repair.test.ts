import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, sleeper } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { killAt } from './fault-points.js'
import { type Installed, installed } from './program.js'
import { leftovers, processesOf, stateOf, treesFolder } from './state.js'

const deep = process.env['PCC_DEEP'] === '1'
/** Every so many calls of git the program is killed there; by default not at each. */
const STRIDE = deep ? 1 : 5

/** Puts a git in front that kills whoever calls it, when it is called for the n-th time. */
function killAtCall(it: Installed, n: number): Record<string, string> {
  const count = join(it.repo.base, 'git-calls')
  writeFileSync(count, '0')
  const script = `#!/bin/sh
n=$(( $(cat "$GIT_CALLS") + 1 )); echo $n > "$GIT_CALLS"
[ $n -ge "$KILL_AT" ] && kill -9 $PPID && exit 1
PATH=/usr/bin:/bin exec git "$@"
`
  writeFileSync(join(it.bin, 'git'), script, { mode: 0o755 })
  return { GIT_CALLS: count, KILL_AT: String(n) }
}

function realGit(it: Installed): void {
  writeFileSync(join(it.bin, 'git'), '#!/bin/sh\nPATH=/usr/bin:/bin exec git "$@"\n', { mode: 0o755 })
}

async function started(fault?: string): Promise<Installed> {
  const it = installed()
  const client = await sleeper()
  const args = [
    'start',
    '--no-launch',
    '--name',
    'work',
    '--isolation',
    'always',
    '--pid',
    String(client.pid),
  ]
  await it.run(args, fault === undefined ? {} : { env: killAt(fault) })
  await client.kill()
  return it
}

async function removed(it: Installed): Promise<string> {
  const { worktrees } = (await it.run(['cleanup', '--json'])).json<{ worktrees: { removalId: string }[] }>()
  return worktrees[0]?.removalId as string
}

describe('a command that is killed at any of its calls of git', () => {
  test.each([
    ['cleanup after a start that was killed', () => started('create:added'), ['cleanup']],
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
      for (let n = 1; ; n += STRIDE) {
        const it = await prepare()
        const id = join(it.repo.base, 'id')
        const words = existsSync(id) ? [...command, readFileSync(id, 'utf8')] : command
        const ran = await it.run(words, { env: killAtCall(it, n) })
        realGit(it)
        await eventually('nobody is left', () => processesOf(it).length === 0)
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
