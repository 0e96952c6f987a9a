import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'tsdown'
import { afterAll, beforeAll } from 'vitest'

/** What a child said at its end. */
interface Said {
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
  /** Starts it; it says that it is ready and goes on when its stdin ends. */
  start(argv: string[]): ChildProcess
  /** Starts several, lets them go at the same moment, and waits for the end of all. */
  together(argvs: string[][]): Promise<Said[]>
  /** Runs it to its end. */
  run(argv: string[]): Promise<Said>
}

/** Where better-sqlite3 keeps its compiled part. */
const ADDON = join(
  dirname(createRequire(import.meta.url).resolve('better-sqlite3/package.json')),
  'build/Release/better_sqlite3.node',
)

/** Bundles one file as an application would, with better-sqlite3 inlined. */
async function bundle(entry: string, outDir: string): Promise<void> {
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
  return spawn(argv[0]!, argv.slice(1), { stdio: 'pipe', env: { PATH: process.env.PATH ?? '' } })
}

async function together(argvs: string[][]): Promise<Said[]> {
  const children = argvs.map(start)
  const ends = children.map(lastLine)
  await Promise.all(
    children.map((child) => Promise.race([once(child.stdout!, 'data'), once(child, 'close')])),
  )
  for (const child of children) child.stdin!.end()
  return Promise.all(ends)
}

async function lastLine(child: ChildProcess): Promise<Said> {
  let out = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (out += text))
  // A child that could not start has no one to read its stdin.
  child.stdin!.on('error', () => {})
  await once(child, 'close')
  const line = out.trim().split('\n').at(-1) ?? ''
  if (!line.startsWith('{')) throw new Error(`the child said: ${out}`)
  return JSON.parse(line) as Said
}

/** Called in the body of a test file: the program is built before its tests and removed after them. */
export function childProgram(): ChildProgram {
  let dir = ''
  beforeAll(async () => {
    dir = mkdtempSync(join(realpathSync(tmpdir()), 'pcc-child-'))
    await bundle(fileURLToPath(new URL('./fixtures/child.ts', import.meta.url)), dir)
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
    together,
    run: async (argv) => (await together([argv]))[0]!,
  }
}
