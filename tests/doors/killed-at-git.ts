import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, sleeper } from '@pcc/test-kit'
import { killAt } from './fault-points.js'
import { type Installed, installed, type Ran } from './program.js'
import { processesOf } from './state.js'

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

/** Runs a command that is killed at its n-th call of git, and waits until nobody of it is left. */
export async function runUntilCall(it: Installed, n: number, words: readonly string[]): Promise<Ran> {
  const ran = await it.run(words, { env: killAtCall(it, n) })
  realGit(it)
  await eventually('nobody is left', () => processesOf(it).length === 0)
  return ran
}

/** A repository with the tree `work` of a dead session, or what a start leaves that was killed at a fault point. */
export async function started(fault?: string): Promise<Installed> {
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
