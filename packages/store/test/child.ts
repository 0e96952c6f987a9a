import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { build } from 'tsdown'
import { afterAll, beforeAll } from 'vitest'

/** What a child said at its end. */
export interface Said {
  done?: true
  ours?: boolean
  code?: string
  message?: string
  hint?: string
  data?: Record<string, unknown>
  written?: number
  kept?: number
  integrity?: { state: string }
}

/** The program of `fixtures/child.ts`, bundled with everything into a folder that any user can read. */
export interface ChildProgram {
  /** A command line: append it to `setpriv …` or the like. */
  argv(step: string, file: string, number?: number): string[]
  start(argv: string[]): ChildProcess
  /** Runs it to its end. */
  run(argv: string[]): Promise<Said>
}

/** Where better-sqlite3 keeps its compiled part. */
export const ADDON: string = join(
  dirname(createRequire(import.meta.url).resolve('better-sqlite3/package.json')),
  'build/Release/better_sqlite3.node',
)

/** Bundles one file as an application would, with better-sqlite3 inlined. */
export async function bundle(entry: string, outDir: string): Promise<void> {
  await build({
    config: false,
    entry: [entry],
    outDir,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    dts: false,
    clean: false,
    logLevel: 'silent',
    deps: {
      alwaysBundle: ['kysely', 'better-sqlite3', 'bindings', 'file-uri-to-path'],
      neverBundle: ['pg'],
      onlyBundle: false,
    },
  })
}

function start(argv: string[]): ChildProcess {
  return spawn(argv[0]!, argv.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '' },
  })
}

/** Called in the body of a test file: the program is built before its tests and removed after them. */
export function childProgram(): ChildProgram {
  let dir = ''
  beforeAll(async () => {
    dir = mkdtempSync(join(realpathSync(tmpdir()), 'pcc-child-'))
    await bundle(join(import.meta.dirname, 'fixtures/child.ts'), dir)
    copyFileSync(ADDON, join(dir, 'better_sqlite3.node'))
    chmodSync(dir, 0o755)
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  return {
    argv: (step, file, number = 0) => [
      process.execPath,
      join(dir, 'child.cjs'),
      step,
      file,
      join(dir, 'better_sqlite3.node'),
      String(number),
    ],
    start,
    async run(argv) {
      const child = start(argv)
      let out = ''
      child.stdout!.setEncoding('utf8').on('data', (text: string) => (out += text))
      child.stderr!.setEncoding('utf8').on('data', (text: string) => (out += text))
      await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject))
      const line = out.trim().split('\n').at(-1) ?? ''
      if (!line.startsWith('{')) throw new Error(`the child said: ${out}`)
      return JSON.parse(line) as Said
    },
  }
}
