#!/usr/bin/env node
import { readlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename } from 'node:path'
import type { Io } from './io.js'
import { VERSION } from './version.js'

const interruption = new AbortController()

function nativeBinding(): string | undefined {
  try {
    return createRequire(__filename).resolve('better-sqlite3/build/Release/better_sqlite3.node')
  } catch {
    // the store says what is missing, in a command that needs it
    return undefined
  }
}

/** Where the person stands. A folder that was deleted is named all the same: commands then say that there is no repository. */
function currentFolder(): string {
  try {
    return process.cwd()
  } catch {
    const deleted = linuxCurrentFolder() ?? '/the current directory, which was deleted'
    // libraries ask for the current directory as soon as they are loaded
    process.chdir('/')
    return deleted
  }
}

function linuxCurrentFolder(): string | undefined {
  try {
    return readlinkSync('/proc/self/cwd')
  } catch {
    // another system: the name is lost
    return undefined
  }
}

function processIo(): Io {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: currentFolder(),
    pid: process.pid,
    parentPid: process.ppid,
    isTty: process.stdout.isTTY === true,
    columns: process.stdout.isTTY === true ? process.stdout.columns : undefined,
    nativeBinding: nativeBinding(),
    interrupted: interruption.signal,
  }
}

/** `heartbeat` without flags that need a parser: yargs alone would cost more than the rest. */
function isPlainHeartbeat(args: readonly string[]): boolean {
  return (
    args[0] === 'heartbeat' &&
    args.slice(1).every((arg) => arg === '--json' || !arg.startsWith('-')) &&
    args.length <= 3
  )
}

async function run(args: readonly string[]): Promise<number> {
  const program = basename(process.argv[1] ?? '').startsWith('claude-parallel')
    ? 'claude-parallel'
    : 'parallel-cc'
  if (program === 'parallel-cc' && args.length === 1 && args[0] === '--version') {
    process.stdout.write(`${VERSION}\n`)
    return 0
  }
  const io = processIo()
  if (program === 'parallel-cc' && isPlainHeartbeat(args)) {
    const { quickHeartbeat } = await import('./quick.js')
    return quickHeartbeat(io, args.slice(1))
  }
  if (args.includes('--watch')) process.once('SIGINT', () => interruption.abort())
  const { main } = await import('./main.js')
  return main(io, { program, version: VERSION, args })
}

// a reader that goes away (| head) ends us quietly
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

run(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.stderr.write(`parallel-cc: ${error instanceof Error ? error.stack : String(error)}\n`)
    process.exitCode = 1
  },
)
