#!/usr/bin/env node
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { HookIo } from './hook-io.js'
import { EVENT_NAMES, main } from './main.js'

function readInput(): string {
  try {
    return process.stdin.isTTY === true ? '' : readFileSync(0, 'utf8')
  } catch {
    // closed or unreadable: the environment has to do
    return ''
  }
}

function nativeBinding(): string | undefined {
  try {
    return createRequire(__filename).resolve('better-sqlite3/build/Release/better_sqlite3.node')
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

const args = process.argv.slice(2)
const io: HookIo = {
  env: process.env,
  cwd: currentFolder(),
  parentPid: process.ppid,
  input: EVENT_NAMES.includes(args[0] ?? '') ? readInput() : '',
  reply: (text) => {
    process.stdout.write(text)
  },
  nativeBinding: nativeBinding(),
  continueDetached: (next) => {
    spawn(process.execPath, [__filename, ...next], { detached: true, stdio: 'ignore', cwd: '/' }).unref()
  },
}

void main(io, args).then((code) => {
  if (code !== 0)
    process.stderr.write(`usage: parallel-cc-hook ${EVENT_NAMES.join('|')}, the payload on stdin\n`)
  process.exitCode = code
})
