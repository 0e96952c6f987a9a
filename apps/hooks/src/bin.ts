#!/usr/bin/env node
import { fstatSync, readFileSync, writeSync } from 'node:fs'
import type { HookIo } from './hook-io.js'
import { EVENT_NAMES, main } from './main.js'

/*
 * Node loads its streams, its processes and its cryptography late; together they take a fifth of the time that an empty program takes,
 * so a hook does without them where it can.
 */

function readInput(): string {
  try {
    // a terminal would be waited for; the other devices have nothing to say
    return fstatSync(0).isCharacterDevice() ? '' : readFileSync(0, 'utf8')
  } catch {
    // closed or unreadable: the environment has to do
    return ''
  }
}

function nativeBinding(): string | undefined {
  try {
    return require.resolve('better-sqlite3/build/Release/better_sqlite3.node')
  } catch {
    // the store says what is missing, and the log keeps it
    return undefined
  }
}

/** A client can stand in a folder that was deleted; the payload may still name one that is there. */
function currentFolder(): string {
  try {
    return process.cwd()
  } catch {
    return '/the current directory, which was deleted'
  }
}

function reply(text: string): void {
  const bytes = Buffer.from(text)
  let written = 0
  try {
    while (written < bytes.length) written += writeSync(1, bytes, written)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    // the client reads without blocking, and is slow: only a stream can wait
    process.stdout.write(bytes.subarray(written))
  }
}

const args = process.argv.slice(2)
const io: HookIo = {
  env: process.env,
  cwd: currentFolder(),
  parentPid: process.ppid,
  input: EVENT_NAMES.includes(args[0] ?? '') ? readInput() : '',
  reply,
  refuse: (text) => {
    process.stderr.write(text)
  },
  nativeBinding: nativeBinding(),
  continueDetached: async (next) => {
    const { spawn } = await import('node:child_process')
    spawn(process.execPath, [__filename, ...next], { detached: true, stdio: 'ignore', cwd: '/' }).unref()
  },
}

void main(io, args).then((code) => {
  if (code !== 0)
    process.stderr.write(`usage: parallel-cc-hook ${EVENT_NAMES.join('|')}, the payload on stdin\n`)
  process.exitCode = code
})
