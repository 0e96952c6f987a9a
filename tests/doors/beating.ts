import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { bundleFixture, eventually } from '@pcc/test-kit'
import { onTestFinished } from 'vitest'
import type { Installed } from './program.js'

export interface BeatReport {
  /** The session that the process is. */
  id: string
  beats: number
  /** The last heartbeat that it was told is written. */
  last: string
  errors: string[]
}

export interface Beaters {
  elapsedMs(): number
  stop(): Promise<BeatReport[]>
}

const program = fileURLToPath(new URL('../../apps/cli/test/fixtures/beating.ts', import.meta.url))

/** Processes that are sessions of the repository's checkout and move their heartbeats with a pause in between, from the same moment on. */
export async function beating(it: Installed, count: number, pauseMs: number): Promise<Beaters> {
  const file = await bundleFixture(program)
  const beaters = Array.from({ length: count }, () => {
    const child = spawn(process.execPath, [file, String(pauseMs)], {
      cwd: it.repo.root,
      env: it.env,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const output = { text: '', errors: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.text += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output.errors += text
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    return { child, output, ended: new Promise((resolve) => child.once('close', resolve)) }
  })
  const died = () => beaters.find(({ child }) => child.exitCode !== null)?.output.errors
  await eventually(
    'all are sessions',
    () => {
      if (died() !== undefined) throw new Error(died())
      return beaters.every(({ output }) => output.text.startsWith('ready\n'))
    },
    120_000,
  )
  for (const { child } of beaters) child.stdin.write('go\n')
  const begun = performance.now()
  return {
    elapsedMs: () => performance.now() - begun,
    async stop() {
      for (const { child } of beaters) child.stdin.write('stop\n')
      await Promise.all(beaters.map(({ ended }) => ended))
      return beaters.map(({ output }) => {
        const report = output.text.split('\n')[1] ?? ''
        return report === ''
          ? { id: '', beats: 0, last: '', errors: [output.errors] }
          : (JSON.parse(report) as BeatReport)
      })
    },
  }
}
