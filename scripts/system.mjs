import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { run, StepError } from './workspace.mjs'

function onSearchPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
}

/** PostgreSQL's server programs are not on the search path, neither on Debian nor with Homebrew. */
function hasPostgresServer() {
  const folders = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt'].filter((path) =>
    existsSync(path),
  )
  return folders.some((folder) =>
    readdirSync(folder).some((name) => existsSync(join(folder, name, 'bin', 'initdb'))),
  )
}

/** Programs that tests need and the package of Debian that brings each. */
const PROGRAMS = {
  'the PostgreSQL server': { here: hasPostgresServer, debian: 'postgresql' },
  tmux: { here: () => onSearchPath('tmux'), debian: 'tmux' },
  zstd: { here: () => onSearchPath('zstd'), debian: 'zstd' },
}

/**
 * Makes sure that programs are on the machine: installs them where that needs no questions (Debian, as root).
 * @param {(keyof typeof PROGRAMS)[]} wanted
 * @throws {StepError} that says what to install, elsewhere
 */
export async function ensurePrograms(wanted) {
  const missing = wanted.filter((name) => !PROGRAMS[name].here())
  if (missing.length === 0) return
  const packages = missing.map((name) => PROGRAMS[name].debian)
  if (process.getuid?.() !== 0 || !onSearchPath('apt-get')) {
    throw new StepError(
      `missing: ${missing.join(', ')}; install it first (on Debian: apt-get install ${packages.join(' ')})`,
      6,
    )
  }
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, network: true }
  await run(['apt-get', 'update'], options)
  await run(['apt-get', 'install', '-y', '--no-install-recommends', ...packages], options)
}
