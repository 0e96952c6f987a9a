#!/usr/bin/env node
import { createRequire } from 'node:module'
import { serveProcess } from './process.js'

function nativeBinding(): string | undefined {
  try {
    return createRequire(__filename).resolve('better-sqlite3/build/Release/better_sqlite3.node')
  } catch {
    // the store says what is missing, in the call that needs it
    return undefined
  }
}

serveProcess({ env: process.env, cwd: process.cwd(), nativeBinding: nativeBinding() }).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`parallel-cc: ${error instanceof Error ? error.stack : String(error)}\n`)
    process.exit(1)
  },
)
