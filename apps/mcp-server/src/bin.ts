#!/usr/bin/env node
import { createRequire } from 'node:module'
import { takeStdout } from './protocol-stdout.js'
import { serve } from './serve.js'
import { VERSION } from './version.js'

function nativeBinding(): string | undefined {
  try {
    return createRequire(__filename).resolve('better-sqlite3/build/Release/better_sqlite3.node')
  } catch {
    // the store says what is missing, in the call that needs it
    return undefined
  }
}

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort())

serve({
  env: process.env,
  cwd: process.cwd(),
  pid: process.pid,
  parentPid: () => process.ppid,
  stdin: process.stdin,
  stdout: takeStdout(),
  nativeBinding: nativeBinding(),
  stopped: stopping.signal,
  version: VERSION,
}).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`parallel-cc: ${error instanceof Error ? error.stack : String(error)}\n`)
    process.exit(1)
  },
)
