#!/usr/bin/env node
// Sets up and runs the checks and tests, from a bare clone. What it takes is in CONTRIBUTING.md.
import { ensureClient } from './client.mjs'
import { ensurePrograms } from './system.mjs'
import { ensureInstalled, main, run, step, tool, turbo } from './workspace.mjs'

const MODES = ['--quick', '--real', '--deep']
const LONG = String(60 * 60_000)

const given = process.argv.slice(2)
const mode = MODES.find((name) => given.includes(name))
const rest = given.filter((argument) => !MODES.includes(argument))

/** Always the last step: vitest tells its own times, and nothing is printed after its closing line. */
function vitest(project, { args = [], env = {} } = {}) {
  process.stderr.write(`\n==> tests: ${project}\n`)
  const argv = tool('vitest', 'vitest', 'run', '--project', project, ...args, ...rest)
  return run(argv, { env, explain: false })
}

async function checks() {
  await step('types', () => run(tool('typescript', 'tsc', '-b')))
  await step('lint', () => run(tool('oxlint', 'oxlint')))
  await step('format', () => run(tool('@biomejs/biome', 'biome', 'ci')))
  await step('dead code', () => run(tool('knip', 'knip')))
  await step('packaging', () => turbo('check:publish'))
}

await main(async () => {
  await step('dependencies', () => ensureInstalled())
  if (mode === '--real') {
    await step('programs', () => ensurePrograms(['tmux', 'zstd']))
    await step('build', () => turbo('build'))
    await step('client', () => ensureClient())
    await vitest('real')
    return
  }
  await step('programs', () => ensurePrograms(['the PostgreSQL server']))
  if (mode === '--quick') return vitest('main')
  await step('build', () => turbo('build'))
  if (mode === '--deep') {
    const args = [`--testTimeout=${LONG}`, `--hookTimeout=${LONG}`]
    return vitest('main', { args, env: { PCC_DEEP: '1' } })
  }
  await checks()
  // The coverage of a part of the tests says nothing, and would fail the threshold.
  await vitest('main', { args: rest.length === 0 ? ['--coverage'] : [] })
})
