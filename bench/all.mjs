#!/usr/bin/env node
// All benchmarks one after the other; the exit code is 1 when a figure does not keep to its bar.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const NAMES = [
  'cold-start',
  'list',
  'heartbeats',
  'mixed-load',
  'start',
  'check-edit',
  'mcp-server',
  'tool-call',
]

for (const name of NAMES) {
  process.stdout.write(`\n== ${name}\n`)
  const file = fileURLToPath(new URL(`${name}.mjs`, import.meta.url))
  const { status } = spawnSync(process.execPath, [file], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
