import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { bundleFixture, startPostgres } from '@pcc/test-kit'
import { expect, onTestFinished, test } from 'vitest'
import type { ClaimResult } from '../../src/use-cases/claim-paths.js'
import { bench } from '../open.js'

const PROCESSES = 20
const ROUNDS = process.env['PCC_DEEP'] === '1' ? 100 : 10
const PATHS = ['src/**', 'src/a.ts', 'src/a.*']

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

async function oneHolderEachRound(env: Record<string, string>, root: string, rounds: number): Promise<void> {
  const script = await bundleFixture(join(import.meta.dirname, '../fixtures/claimer.ts'))
  const claimers = await Promise.all(
    Array.from({ length: PROCESSES }, (_, n) =>
      claimer(script, env, [root, PATHS[n % PATHS.length] as string, `agent-${n}`]),
    ),
  )
  const winners = new Set<string>()
  for (let round = 0; round < rounds; round++) {
    const answers = await Promise.all(claimers.map((one) => one.ask<ClaimResult>('claim')))
    const holders = claimers.filter((_, n) => answers[n]?.outcome === 'granted').map((one) => one.name)
    expect(holders).toHaveLength(1)
    winners.add(holders[0] as string)
    const told = answers.flatMap((answer) => (answer.outcome === 'held' ? [answer.held] : []))
    expect(told).toHaveLength(PROCESSES - 1)
    for (const held of told) {
      expect(held).toMatchObject([{ by: { claimedBy: holders[0], mode: 'exclusive', reason: 'mine' } }])
    }
    await Promise.all(claimers.map((one) => one.ask('release')))
  }
  expect(winners.size).toBeGreaterThan(0)
}

test('of 20 processes that ask at once for what overlaps, one gets it, and the others get its name', async () => {
  const { env, repo } = await bench()
  await oneHolderEachRound(env, repo.root, ROUNDS)
}, 300_000)

test('the same holds on PostgreSQL', async () => {
  const server = await startPostgres()
  onTestFinished(() => server.stop())
  const { env, repo } = await bench({ env: { PARALLEL_CC_DATABASE_URL: await server.createDatabase() } })
  await oneHolderEachRound(env, repo.root, 3)
}, 300_000)
