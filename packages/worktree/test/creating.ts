import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleFixture, setProcessEnv, type TempRepo, type TempRepoOptions, tempRepo } from '@pcc/test-kit'
import { expect } from 'vitest'
import { type CreatePlan, type CreateRequest, openRepo, planCreate, WorktreeError } from '../src/index.js'

export const NOW = '2026-01-02T03:04:05.000Z'
export const program = fileURLToPath(new URL('fixtures/create.ts', import.meta.url))

export function prepared(options: TempRepoOptions = {}): TempRepo {
  const repo = tempRepo(options)
  setProcessEnv(repo.env)
  return repo
}

export async function request(
  directory: string,
  name: string,
  extra: Partial<CreateRequest> = {},
): Promise<CreateRequest> {
  const repo = await openRepo(directory)
  const owner = { pid: process.pid, processStart: null }
  return { repo, name, base: '', id: `id-${name}`, owner, now: NOW, ...extra }
}

export async function plan(
  repo: TempRepo,
  name: string,
  extra: Partial<CreateRequest> = {},
): Promise<CreatePlan> {
  return planCreate(await request(repo.root, name, { base: repo.git('rev-parse', 'HEAD'), ...extra }))
}

/** The error that a promise ends with, which must be one of this room and fit on one line. */
export async function failure(promise: Promise<unknown>): Promise<WorktreeError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(WorktreeError)
  expect((error as WorktreeError).message).not.toContain('\n')
  return error as WorktreeError
}

export function strayLocks(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(lock|tmp|repair)$/.test(name),
  )
}

/** Everything that a creation could leave: refs, trees, journals, folders. */
export function traces(repo: TempRepo): unknown {
  const journals = join(repo.root, '.git/parallel-cc/creations')
  const admin = join(repo.root, '.git/worktrees')
  return {
    refs: repo.git('for-each-ref', '--format=%(refname) %(objectname)'),
    trees: repo.git('worktree', 'list', '--porcelain'),
    journals: existsSync(journals) ? readdirSync(journals) : [],
    admin: existsSync(admin) ? readdirSync(admin) : [],
    beside: readdirSync(repo.base).toSorted(),
    locks: strayLocks(join(repo.root, '.git')),
  }
}

export interface Ran {
  code: number | null
  signal: NodeJS.Signals | null
  pid: number
  output: Record<string, unknown>
}

/** Creates a worktree in a process of its own. */
export async function run(
  repo: TempRepo,
  input: Record<string, unknown>,
  env: Record<string, string> = {},
): Promise<Ran> {
  const file = await bundleFixture(program)
  return new Promise((resolve) => {
    const args = [file, JSON.stringify({ directory: repo.root, now: NOW, id: 'id', ...input })]
    const child = execFile(process.execPath, args, { env: { ...repo.env, ...env } }, (_, stdout) => {
      const output = stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>)
      resolve({ code: child.exitCode, signal: child.signalCode, pid: child.pid ?? 0, output })
    })
  })
}
