import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ClaimResult } from '@pcc/coordinator/hot'
import { bundleFixture, sleeper, startPostgres, tempRepo } from '@pcc/test-kit'
import { expect, onTestFinished, test } from 'vitest'
import { installed } from './program.js'

const PROCESSES = 20
const ROUNDS = process.env['PCC_DEEP'] === '1' ? 100 : 10
const PATHS = ['src/**', 'src/a.ts', 'src/a.*']

const program = fileURLToPath(new URL('../../apps/cli/test/fixtures/claimer.ts', import.meta.url))

interface Claimer {
  name: string
  /** Gives an order and waits for the answer. */
  ask<T>(order: 'claim' | 'release'): Promise<T>
}

async function claimer(script: string, env: Record<string, string>, args: string[]): Promise<Claimer> {
  const child: ChildProcess = spawn(process.execPath, [script, ...args], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  })
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error(`${args.at(-1)} ended with ${child.exitCode ?? child.signalCode}`)
    return JSON.parse(value)
  }
  expect(await next()).toBe('ready')
  return {
    name: args.at(-1) as string,
    async ask<T>(order: string) {
      child.stdin!.write(`${order}\n`)
      return (await next()) as T
    },
  }
}

/** The name of whoever got it, for each round. */
async function holdersOf(rounds: number): Promise<string[]> {
  const repo = tempRepo()
  const env = { ...repo.env, PARALLEL_CC_HOME: join(repo.home, '.parallel-cc') }
  const script = await bundleFixture(program)
  const claimers = await Promise.all(
    Array.from({ length: PROCESSES }, (_, n) =>
      claimer(script, env, [repo.root, PATHS[n % PATHS.length] as string, `agent-${n}`]),
    ),
  )
  const winners: string[] = []
  for (let round = 0; round < rounds; round++) {
    const answers = await Promise.all(claimers.map((one) => one.ask<ClaimResult>('claim')))
    const holders = claimers.filter((_, n) => answers[n]?.outcome === 'granted').map((one) => one.name)
    expect(holders).toHaveLength(1)
    const told = answers.flatMap((answer) => (answer.outcome === 'held' ? [answer.held] : []))
    expect(told).toHaveLength(PROCESSES - 1)
    for (const held of told) {
      expect(held).toMatchObject([{ by: { claimedBy: holders[0], mode: 'exclusive', reason: 'mine' } }])
    }
    await Promise.all(claimers.map((one) => one.ask('release')))
    winners.push(holders[0] as string)
  }
  return winners
}

test('of 20 processes that ask at once for what overlaps, one gets it, and the others get its name', async () => {
  expect(await holdersOf(ROUNDS)).toHaveLength(ROUNDS)
}, 300_000)

test('the same holds for 20 commands at once on PostgreSQL', async () => {
  const server = await startPostgres()
  onTestFinished(() => server.stop())
  const it = installed()
  const env = { PARALLEL_CC_DATABASE_URL: await server.createDatabase() }
  const names = Array.from({ length: PROCESSES }, (_, n) => `agent-${n}`)
  for (const name of names) {
    const { pid } = await sleeper()
    await it.run(['start', '--no-launch', '--pid', String(pid), '--isolation', 'never', '--name', name], {
      env,
    })
  }
  for (let round = 0; round < 3; round++) {
    const ran = await Promise.all(
      names.map((name, n) => {
        const claim = ['claim', PATHS[n % PATHS.length] as string, '--mode', 'exclusive', '--session', name]
        return it.run([...claim, '--json'], { env })
      }),
    )
    const holders = names.filter((_, n) => ran[n]?.code === 0)
    expect(holders).toHaveLength(1)
    const refused = ran.filter((one) => one.code === 3)
    expect(refused).toHaveLength(PROCESSES - 1)
    for (const one of refused) expect(one.json()).toMatchObject({ held: [{ by: { claimedBy: holders[0] } }] })
    await it.run(['release', '--all', '--session', holders[0] as string], { env })
  }
}, 300_000)
