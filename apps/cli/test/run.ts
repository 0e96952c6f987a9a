import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { setProcessEnv, type TempRepo, type TempRepoOptions, tempRepo } from '@pcc/test-kit'
import type { Io } from '../src/io.js'
import { main, type Program } from '../src/main.js'

export interface Ran {
  code: number
  stdout: string
  stderr: string
  /** The one JSON document on stdout. */
  json<T = Record<string, unknown>>(): T
}

export interface RunOptions {
  cwd?: string
  env?: Record<string, string>
  parentPid?: number
  program?: Program
  columns?: number
  interrupted?: AbortSignal
}

export interface Shell {
  repo: TempRepo
  env: Record<string, string>
  /** Runs a command of the program in this process. */
  run(args: readonly string[], options?: RunOptions): Promise<Ran>
}

function sink(): { stream: PassThrough; text(): string } {
  const stream = new PassThrough()
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') }
}

/** A repository with a state folder of its own, and the program run in this process. */
export function shell(options: TempRepoOptions = {}): Shell {
  const repo = tempRepo(options)
  const env = { ...repo.env, PARALLEL_CC_HOME: join(repo.home, '.parallel-cc') }
  setProcessEnv(env)
  return {
    repo,
    env,
    async run(args, given = {}) {
      const out = sink()
      const err = sink()
      const io: Io = {
        stdout: out.stream,
        stderr: err.stream,
        env: { ...env, ...given.env },
        cwd: given.cwd ?? repo.root,
        pid: process.pid,
        parentPid: given.parentPid ?? 1,
        isTty: given.columns !== undefined,
        columns: given.columns,
        nativeBinding: undefined,
        interrupted: given.interrupted ?? new AbortController().signal,
      }
      const code = await main(io, { program: given.program ?? 'parallel-cc', version: '0.0.0', args })
      return {
        code,
        stdout: out.text(),
        stderr: err.text(),
        json: <T>() => {
          const document = JSON.parse(out.text()) as T & { schemaVersion: number }
          if (document.schemaVersion !== 1) throw new Error('the document has no schemaVersion 1')
          return document
        },
      }
    },
  }
}
