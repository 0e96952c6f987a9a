import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { onTestFinished } from 'vitest'

export interface Sleeper {
  pid: number
  child: ChildProcess
  /** Ends it with SIGKILL and waits until it is reaped. */
  kill(): Promise<void>
}

/** A real process that does nothing until it is killed, at the latest when the running test ends. */
export async function sleeper(): Promise<Sleeper> {
  const child = spawn('sleep', ['3600'], { stdio: 'ignore' })
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await gone
  }
  onTestFinished(kill)
  return { pid: child.pid as number, child, kill }
}

/** Polls until `look` gives something other than `undefined` or `false`; fails with `what` after `limitMs`. */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  limitMs = 20_000,
): Promise<NonNullable<T>> {
  const end = Date.now() + limitMs
  for (;;) {
    const seen = await look()
    if (seen !== undefined && seen !== null && seen !== false) return seen as NonNullable<T>
    if (Date.now() > end) throw new Error(`still not after ${limitMs} ms: ${what}`)
    await wait(20)
  }
}
