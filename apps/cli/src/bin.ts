#!/usr/bin/env node
import { fstatSync, readlinkSync, writeSync } from 'node:fs'
import { basename } from 'node:path'
import type { Io, Output } from './io.js'
import { VERSION } from './version.js'

/*
 * What is imported here is loaded by every command, `heartbeat` and `status` among them. The rest is imported when it is needed, and so
 * is what Node itself loads late: its streams alone are a tenth of the time that an empty program takes.
 */

function nativeBinding(): string | undefined {
  try {
    return require.resolve('better-sqlite3/build/Release/better_sqlite3.node')
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

/** Writes without Node's streams, which do the same more slowly where they write at once anyway: to files, pipes and terminals. */
function output(descriptor: 1 | 2): Output {
  let stream: Output | undefined
  return {
    write(text: string): void {
      if (stream !== undefined) {
        stream.write(text)
        return
      }
      const bytes = Buffer.from(text)
      let written = 0
      try {
        while (written < bytes.length) written += writeSync(descriptor, bytes, written)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        // a reader that goes away (| head) ends us quietly
        if (code === 'EPIPE' && descriptor === 1) process.exit(0)
        if (code !== 'EAGAIN') throw error
        // whoever gave it to us reads it without blocking, and is slow: only a stream can wait
        stream = descriptor === 1 ? standardOutput() : process.stderr
        stream.write(bytes.toString('utf8', written))
      }
    },
  }
}

function standardOutput(): Output {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
  return process.stdout
}

function isTerminal(): boolean {
  try {
    // asked of the system first, since Node loads much to say it
    return fstatSync(1).isCharacterDevice() && process.stdout.isTTY === true
  } catch {
    // closed
    return false
  }
}

/** Aborted by the first interruption, once somebody watches for one. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  process.once('SIGINT', () => controller.abort())
  return controller.signal
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function processIo(): Io {
  const terminal = once(isTerminal)
  const interrupted = once(interruption)
  const binding = once(nativeBinding)
  return {
    stdout: output(1),
    stderr: output(2),
    env: process.env,
    cwd: currentFolder(),
    pid: process.pid,
    parentPid: process.ppid,
    get isTty() {
      return terminal()
    },
    get columns() {
      return terminal() ? process.stdout.columns : undefined
    },
    get nativeBinding() {
      return binding()
    },
    get interrupted() {
      return interrupted()
    },
  }
}

async function runQuick(io: Io, command: (io: Io) => Promise<number>): Promise<number> {
  try {
    return await command(io)
  } catch (error) {
    const { report } = await import('./report.js')
    return report(io, error)
  }
}

async function run(args: readonly string[]): Promise<number> {
  const program = basename(process.argv[1] ?? '').startsWith('claude-parallel')
    ? 'claude-parallel'
    : 'parallel-cc'
  const io = processIo()
  if (program === 'parallel-cc') {
    if (args.length === 1 && args[0] === '--version') {
      io.stdout.write(`${VERSION}\n`)
      return 0
    }
    const { quickCommand } = await import('./quick.js')
    const command = quickCommand(args)
    if (command !== null) return runQuick(io, command)
  }
  const { main } = await import('./main.js')
  return main(io, { program, version: VERSION, args })
}

run(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.stderr.write(`parallel-cc: ${error instanceof Error ? error.stack : String(error)}\n`)
    process.exitCode = 1
  },
)
