import { execFileSync } from 'node:child_process'
import { onTestFinished } from 'vitest'
import type { Installed } from './program.js'

const NOBODY = 65534

/** True when these tests may become other users. */
export const isRoot = process.getuid?.() === 0

/** What stands in front of a command so that rights on files count: root has them all. */
export const UNPRIVILEGED: readonly string[] = isRoot
  ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--inh-caps=-all', '--']
  : []

/** Gives the installation to the user that `UNPRIVILEGED` becomes. */
export function handOver(it: Installed, to: number = NOBODY): void {
  if (isRoot) execFileSync('chown', ['-R', '-h', `${to}:${to}`, it.repo.base])
}

/** Takes it back, so that the test may look at it: git refuses what is another user's. */
export function takeBack(it: Installed): void {
  handOver(it, 0)
}

/**
 * Makes the space at an empty folder scarce for the running test: a small file system where one may be mounted, else a limit on the size
 * of each file. Returns what to put in front of commands.
 */
export function scarce(folder: string, kilobytes: number): readonly string[] {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k,mode=0755`, 'tmpfs', folder], {
      stdio: 'pipe',
    })
  } catch {
    // mounting takes root and its capabilities
    return ['prlimit', `--fsize=${(kilobytes * 1024) / 2}`]
  }
  onTestFinished(() => void execFileSync('umount', ['--lazy', folder]))
  return []
}
