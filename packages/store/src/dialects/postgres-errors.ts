import { StoreError, type StoreErrorCode } from '../errors.js'
import type { PostgresUrl } from './postgres-url.js'

/** Says what went wrong with a PostgreSQL server in the terms of this room, without the URL's password. */
export function postgresError(error: unknown, url: PostgresUrl): StoreError {
  if (error instanceof StoreError) return error
  const { code = '', message } = error as { code?: string; message: string }
  const kind = KINDS.find((one) => one.matches(code, message ?? '')) ?? FAILED
  const reason = url.withoutSecrets(reasonOf(error))
  return new StoreError(kind.code, `${kind.says(url.shown)}: ${reason}`, {
    ...(kind.hint === undefined ? {} : { hint: kind.hint }),
    data: {
      server: url.shown,
      ...(code === '' ? {} : { [isSqlState(code) ? 'sqlState' : 'systemCode']: code }),
    },
    cause: error,
  })
}

function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E')
}

interface Kind {
  code: StoreErrorCode
  matches: (code: string, message: string) => boolean
  says: (server: string) => string
  hint?: string
}

const starts =
  (...prefixes: string[]) =>
  (code: string): boolean =>
    prefixes.some((prefix) => code.startsWith(prefix))

const FAILED: Kind = { code: 'STORE_FAILED', matches: () => true, says: (at) => `The database ${at} failed` }

const KINDS: Kind[] = [
  {
    code: 'STORE_DENIED',
    // 28: authorization, 42501: missing right. pg itself complains with SASL about a password that is missing or malformed.
    matches: (code, message) => starts('28', '42501', 'EACCES', 'EPERM')(code) || message.startsWith('SASL'),
    says: (at) => `The database ${at} refuses this user`,
    hint: 'Check user and password in PARALLEL_CC_DATABASE_URL, and that the user may create tables in the schema.',
  },
  {
    code: 'STORE_UNREACHABLE',
    matches: starts('3D000'),
    says: (at) => `The database ${at} does not exist`,
    hint: 'Create it with `createdb`, or correct the name at the end of PARALLEL_CC_DATABASE_URL.',
  },
  {
    code: 'STORE_FULL',
    matches: starts('53100'),
    says: (at) => `The disk of the database ${at} is full`,
    hint: 'Free some disk space on the server and try again.',
  },
  {
    code: 'STORE_BUSY',
    // Too many connections, lock and statement timeouts, serialization failures and deadlocks.
    matches: starts('53300', '55P03', '57014', '40001', '40P01'),
    says: (at) => `The database ${at} stayed busy`,
    hint: 'Try again; if it goes on, look for a session that holds locks (pg_stat_activity).',
  },
  {
    code: 'STORE_READ_ONLY',
    matches: starts('25006'),
    says: (at) => `The database ${at} is read-only`,
    hint: 'Name the primary server in PARALLEL_CC_DATABASE_URL, not a standby.',
  },
  {
    code: 'STORE_CORRUPT',
    matches: starts('XX001', 'XX002'),
    says: (at) => `The database ${at} is damaged`,
    hint: 'It was left as it is. Ask whoever runs the server.',
  },
  {
    code: 'STORE_UNREACHABLE',
    matches: (code, message) => starts('08', '57P', 'E')(code) || LOST.test(message),
    says: (at) => `The database server of ${at} cannot be reached`,
    hint: 'Check that it runs and that PARALLEL_CC_DATABASE_URL names it.',
  },
]

const LOST =
  /^Connection terminated|timeout exceeded when trying to connect|^timeout expired|Query read timeout|not queryable|does not support SSL|certificate|^Client was closed/

/** A host name with two addresses fails with an empty message and one reason for each. */
function reasonOf(error: unknown): string {
  const { message, errors } = error as { message?: string; errors?: { message: string }[] }
  return (message || errors?.[0]?.message || String(error)).split('\n', 1)[0] ?? ''
}
