import { StoreError } from '../errors.js'

/** A connection URL, apart into what may be shown and what may not. */
export interface PostgresUrl {
  /** For messages: user, host, port and database. */
  shown: string
  /** Takes every form of the password out of a text. */
  withoutSecrets(text: string): string
}

/**
 * Reads a PostgreSQL connection URL without keeping its password in anything that is shown.
 *
 * @throws `STORE_UNREACHABLE` when it is none, or when a character that should be percent-encoded makes it ambiguous.
 */
export function parsePostgresUrl(url: string): PostgresUrl {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  // A raw `@` behind the host means that the password was cut in two, and what looks like a host is a part of it.
  const cut = parsed !== undefined && `${parsed.pathname}${parsed.search}${parsed.hash}`.includes('@')
  if (parsed === undefined || cut || !['postgres:', 'postgresql:'].includes(parsed.protocol)) {
    throw new StoreError('STORE_UNREACHABLE', 'The database URL is not a PostgreSQL connection URL', {
      hint: 'Write postgres://USER:PASSWORD@HOST:PORT/DATABASE, with special characters of the password percent-encoded.',
    })
  }
  const query = parsed.searchParams
  const user = query.get('user') ?? decode(parsed.username)
  const host = query.get('host') ?? decode(parsed.hostname)
  const port = query.get('port') ?? parsed.port
  const database = decode(parsed.pathname.slice(1))
  const secrets = [parsed.password, decode(parsed.password), query.get('password') ?? ''].filter(
    (s) => s !== '',
  )
  return {
    shown: `postgres://${user === '' ? '' : `${user}@`}${host}${port === '' ? '' : `:${port}`}/${database}`,
    withoutSecrets: (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text),
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A lone percent sign is no encoding: it is meant as it stands.
    return text
  }
}
