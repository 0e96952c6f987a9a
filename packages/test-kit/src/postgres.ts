import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A PostgreSQL server of the tests' own, reached through a unix socket in a folder of its own. */
export interface PostgresServer {
  /** Connection URL of an empty database. */
  readonly url: string
  /** The folder that holds the socket. */
  readonly socketDir: string
  /** Makes another empty database and returns its URL. */
  createDatabase(): Promise<string>
  /** The URL of a database, also of one that does not exist; `login` is `user` or `user:password`. */
  urlOf(database: string, login?: string): string
  /** Runs SQL as the owner of everything, and returns the plain output. A role named `locked` must give its password, others need none. */
  sql(statement: string, database?: string): Promise<string>
  /** Ends the server as a power cut would; its data stay for `restart`. */
  kill(): Promise<void>
  /** Stops the server from answering, without ending it. */
  freeze(): void
  thaw(): void
  restart(): Promise<void>
  /** Ends the server and deletes everything. */
  stop(): Promise<void>
}

/** Who the server runs as when the tests run as root, which PostgreSQL refuses. */
const NOBODY = 65534

/**
 * Starts a server from the machine's PostgreSQL package, as an ordinary user. Takes about a second.
 *
 * @throws when the package is missing; the message says how to install it.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const { dir, tool, start } = await makeCluster()
  let server = await start()
  let databases = 0
  const urlOf = (database: string, login = 'pcc'): string =>
    `postgres://${login}@${encodeURIComponent(dir)}/${database}`
  return {
    url: urlOf('postgres'),
    socketDir: dir,
    urlOf,
    async createDatabase() {
      databases += 1
      await tool('createdb', ['-h', dir, '-U', 'pcc', `test_${databases}`])
      return urlOf(`test_${databases}`)
    },
    sql: (statement, database = 'postgres') =>
      tool('psql', [
        '-h',
        dir,
        '-U',
        'pcc',
        '-d',
        database,
        '-XqAt',
        '-v',
        'ON_ERROR_STOP=1',
        '-c',
        statement,
      ]),
    kill: () => end(server, 'SIGKILL'),
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
    async restart() {
      server = await startAfterCrash(start)
    },
    async stop() {
      server.kill('SIGCONT')
      await end(server, 'SIGINT')
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

interface Cluster {
  dir: string
  /** Runs one of PostgreSQL's programs as the server's user and returns its output. */
  tool(program: string, args: string[]): Promise<string>
  start(): Promise<ChildProcess>
}

async function makeCluster(): Promise<Cluster> {
  const bin = findBinaries()
  // The path of a unix socket is limited to 107 bytes, and a private TMPDIR may be closed to the server's user.
  const dir = mkdtempSync(join(realpathSync(existsSync('/tmp') ? '/tmp' : tmpdir()), 'pcc-pg-'))
  const asRoot = process.getuid?.() === 0
  if (asRoot) chownSync(dir, NOBODY, NOBODY)
  const options = { env: { HOME: dir, PATH: `${bin}:/usr/bin:/bin`, LC_ALL: 'C' }, cwd: dir }
  // Ends the server with the tests, however those end; only Linux has that.
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path))
  const asUser = (program: string, args: string[]): [string, string[]] => {
    if (setpriv === undefined) return [join(bin, program), args]
    const user = asRoot ? [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : []
    return [setpriv, [...user, '--pdeathsig', 'INT', '--', join(bin, program), ...args]]
  }
  const tool: Cluster['tool'] = async (program, args) => (await run(...asUser(program, args), options)).stdout

  const data = join(dir, 'data')
  await tool('initdb', ['-D', data, '-U', 'pcc', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'])
  writeFileSync(join(data, 'pg_hba.conf'), 'local all locked scram-sha-256\nlocal all all trust\n')
  const settings = ['-D', data, '-k', dir, '-c', 'listen_addresses=', '-c', 'fsync=off']
  return { dir, tool, start: () => startServer(...asUser('postgres', settings), options) }
}

/** A killed server's own processes need a moment to notice, and until then hold on to its memory. */
async function startAfterCrash(start: () => Promise<ChildProcess>): Promise<ChildProcess> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start()
    } catch (error) {
      if (attempt === 100 || !/still in use|another postmaster/.test(String(error))) throw error
      await pause(50)
    }
  }
}

/** Resolves when the server says that it takes connections. */
function startServer(
  command: string,
  args: string[],
  options: { env: NodeJS.ProcessEnv; cwd: string },
): Promise<ChildProcess> {
  const server = spawn(command, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
  return new Promise((resolve, reject) => {
    let log = ''
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-20_000)
      if (log.includes('ready to accept connections')) resolve(server)
    })
    server.on('error', reject)
    server.on('exit', (code, signal) => reject(new Error(`postgres ended with ${code ?? signal}: ${log}`)))
  })
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const ended = once(server, 'exit')
  server.kill(signal)
  await ended
}

function findBinaries(): string {
  const folders = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt'].flatMap((root) =>
    existsSync(root)
      ? readdirSync(root)
          .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
          .map((name) => join(root, name, 'bin'))
      : [],
  )
  const found = folders.findLast(
    (bin) => existsSync(join(bin, 'initdb')) && existsSync(join(bin, 'postgres')),
  )
  if (found !== undefined) return found
  throw new Error('PostgreSQL is not installed; these tests need its server: apt-get install postgresql')
}
