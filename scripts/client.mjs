#!/usr/bin/env node
// Fetches the Claude Code client that the tests run, and prints the path of its executable as the last line.
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { main, manifest, npm, root, run, StepError } from './workspace.mjs'

const version = manifest.claudeClient
const program = process.platform === 'win32' ? 'claude.exe' : 'claude'

/** `<cache>/<version>`; PCC_CLIENT_CACHE lets several clones share one copy. */
function clientFolder() {
  const cache = process.env.PCC_CLIENT_CACHE
  return join(cache ? resolve(cache) : join(root, '.cache', 'claude'), version)
}

/** The npm package that holds the native program for this machine. */
function nativePackage() {
  const musl = process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime
  return `@anthropic-ai/claude-code-${process.platform}-${process.arch}${musl ? '-musl' : ''}`
}

/** @throws {StepError} when the program does not run or is another version */
function checkProgram(path) {
  let said
  try {
    said = execFileSync(path, ['--version'], { encoding: 'utf8', timeout: 60_000 })
  } catch (cause) {
    throw new StepError(`the client does not run: ${cause.message}`, 6)
  }
  if (!said.startsWith(`${version} `))
    throw new StepError(`the client says '${said.trim()}', wanted ${version}`, 6)
}

/** Downloads into a folder beside the final one and moves it there in one step, so that two fetches at once do no harm. */
async function download(target) {
  const parent = join(target, '..')
  mkdirSync(parent, { recursive: true })
  removeAbandoned(parent)
  const work = mkdtempSync(join(parent, '.fetching-'))
  try {
    const name = nativePackage()
    const flags = [
      '--no-save',
      '--no-package-lock',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
    ]
    await run(npm('install', '--prefix', work, ...flags, `${name}@${version}`), {
      network: true,
      quiet: true,
      cwd: work,
    })
    const fetched = join(work, 'node_modules', ...name.split('/'))
    checkProgram(join(fetched, program))
    try {
      renameSync(fetched, target)
    } catch (cause) {
      if (!existsSync(join(target, program))) throw cause
    }
  } finally {
    rmSync(work, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** A fetch that was killed leaves 400 MB behind. */
function removeAbandoned(parent) {
  const hourAgo = Date.now() - 3_600_000
  for (const entry of readdirSync(parent)) {
    const path = join(parent, entry)
    if (entry.startsWith('.fetching-') && statSync(path).mtimeMs < hourAgo)
      rmSync(path, { recursive: true, force: true })
  }
}

/** Makes sure that the client is there and returns the path of its executable. */
export async function ensureClient() {
  const target = clientFolder()
  const path = join(target, program)
  if (!existsSync(path)) await download(target)
  return path
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  await main(async () => {
    process.stdout.write(`${await ensureClient()}\n`)
  })
}
