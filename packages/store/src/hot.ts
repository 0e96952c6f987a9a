import { existsSync, realpathSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { sqliteError } from './dialects/sqlite-errors.js'
import { openFile, type Raw, type SqliteOptions } from './dialects/sqlite-file.js'
import { takeTurn } from './dialects/sqlite-turns.js'
import type { StoreError } from './errors.js'
import { hotSessions } from './hot-sessions.js'
import { MIGRATION_NAMES, MIGRATION_TABLE } from './migrations/names.js'
import type { SessionCounting, SessionStore } from './records.js'

export type { SqliteOptions } from './dialects/sqlite-file.js'
export { StoreError, type StoreErrorCode, type StoreErrorDetails } from './errors.js'
export type {
  ClaimMode,
  ClaimReads,
  ClaimRecord,
  ClaimSource,
  ClaimWrites,
  InboxRecord,
  IsoTime,
  MessageKind,
  MessageReads,
  MessageRecord,
  MessageState,
  MessageWrites,
  ProcessKey,
  RepoRecord,
  SessionCounting,
  SessionCounts,
  SessionPatch,
  SessionReads,
  SessionRecord,
  SessionStatus,
  SessionStore,
  SessionWrites,
  WarningReads,
  WarningRecord,
  WarningWrites,
} from './records.js'

/** The sessions of a SQLite file for a process that must start fast. Writes serialise with every other process's. */
export interface HotStore extends SessionStore, SessionCounting {}

/**
 * Opens a SQLite store without loading a query builder. `null` when the file is not there, or its schema is not exactly the one
 * this version knows: then `openStore` makes it, migrates it, or says why not. Nothing is created and nothing is locked.
 *
 * @throws `STORE_CORRUPT`, `STORE_NOT_A_DATABASE`, `STORE_READ_ONLY`, `STORE_DENIED`, `STORE_BUSY`, `STORE_DRIVER_MISSING`, `STORE_FAILED`
 */
export function openHotStore(file: string, options: SqliteOptions = {}): HotStore | null {
  const raw = openExisting(file, options)
  if (raw === null) return null
  try {
    if (isLatest(raw)) return createHotStore(raw, file)
    raw.close()
    return null
  } catch (error) {
    raw.close()
    throw sqliteError(error, file)
  }
}

function openExisting(file: string, options: SqliteOptions): Raw | null {
  try {
    return openFile(file, options)
  } catch (error) {
    if ((error as StoreError).code !== 'STORE_DRIVER_MISSING' && !existsSync(file)) return null
    throw error
  }
}

function isLatest(raw: Raw): boolean {
  try {
    const [latest, count] = raw.prepare(`select max(name), count(*) from ${MIGRATION_TABLE}`).raw().get() as [
      string | null,
      number,
    ]
    return latest === MIGRATION_NAMES.at(-1) && count === MIGRATION_NAMES.length
  } catch (error) {
    if ((error as Error).message.startsWith('no such table')) return false
    throw error
  }
}

const ATTEMPTS = 4
const PAUSE_MS = 10

function createHotStore(raw: Raw, file: string): HotStore {
  raw.pragma('synchronous = NORMAL')
  const sessions = hotSessions(raw)
  const realFile = realpathSync(file)
  let last: Promise<unknown> = Promise.resolve()

  /** One connection has one transaction, so what this process asks for runs one after the other. */
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
  const read =
    <A extends unknown[], R>(ask: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> =>
      alone(() => ask(...args).catch((error: unknown) => rethrow(error, file)))

  return {
    read: {
      repoByKey: read(sessions.repoByKey),
      sessionById: read(sessions.sessionById),
      sessionsByPids: read(sessions.sessionsByPids),
      openSessions: read(sessions.openSessions),
      allOpenSessions: read(sessions.allOpenSessions),
      reposOf: read(sessions.reposOf),
      claimsOf: read(sessions.claimsOf),
      claimsMeeting: read(sessions.claimsMeeting),
      inboxOf: read(sessions.inboxOf),
      sentBy: read(sessions.sentBy),
      undeliverable: read(sessions.undeliverable),
      warningsOf: read(sessions.warningsOf),
    },
    countsOf: read(sessions.countsOf),
    write: (_repoId, work) =>
      alone(() => takeTurn(realFile, () => inTransaction(raw, file, () => work(sessions)))),
    // A statement alone is a transaction, and the shortest: many processes beat, and whoever holds the lock may be put aside meanwhile.
    beat: (sessionId, at) =>
      alone(() =>
        takeTurn(realFile, () =>
          patiently(file, () => sessions.updateSession(sessionId, { lastHeartbeat: at })),
        ),
      ),
    close: () => alone(async () => void raw.close()),
  }
}

async function inTransaction<T>(raw: Raw, file: string, work: () => Promise<T>): Promise<T> {
  await begin(raw, file)
  try {
    const result = await work()
    raw.exec('commit')
    return result
  } catch (error) {
    // A full disk makes SQLite roll back by itself.
    if (raw.inTransaction) raw.exec('rollback')
    return rethrow(error, file)
  }
}

function begin(raw: Raw, file: string): Promise<void> {
  return patiently(file, async () => void raw.exec('begin immediate'))
}

/** Runs a step that has done nothing when it fails. */
async function patiently<T>(file: string, step: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await step()
    } catch (error) {
      // These two come without waiting for the busy timeout; a plain SQLITE_BUSY has waited as long as the caller wanted.
      const { code } = error as { code?: string }
      const passing = code === 'SQLITE_BUSY_RECOVERY' || code === 'SQLITE_BUSY_SNAPSHOT'
      if (!passing || attempt === ATTEMPTS) return rethrow(error, file)
      await pause(attempt * PAUSE_MS)
    }
  }
}

/** SQLite's errors become this room's; what the caller's own work threw is passed on as it is. */
function rethrow(error: unknown, file: string): never {
  const { code } = error as { code?: unknown }
  throw typeof code === 'string' && code.startsWith('SQLITE_') ? sqliteError(error, file) : error
}
