import { WorktreeError } from '../errors.js'

const ATTEMPTS = 7
/**
 * What git says when another git was in the way for a moment: a lock file that is held, or a worktree whose administrative files
 * are being written while all worktrees are looked through. A ref that is in the way is no contention.
 */
const CONTENTION =
  /Unable to create '[^']*\.lock': File exists|could not lock config file|failed to read \S*worktrees\/.*\/commondir/

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

/** Runs a git command again, a bounded number of times, when it failed for what another git was doing at that moment. */
export async function retryOnContention<T>(
  action: () => Promise<T>,
  between?: () => Promise<void>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action()
    } catch (error) {
      const stderr = error instanceof WorktreeError ? String(error.data['stderr'] ?? '') : ''
      if (attempt >= ATTEMPTS || !CONTENTION.test(stderr)) throw error
      await between?.()
      await pause(10 * 2 ** attempt)
    }
  }
}
