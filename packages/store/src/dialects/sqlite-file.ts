import { closeSync, constants, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { StoreError } from '../errors.js'
import { fileError, sqliteError } from './sqlite-errors.js'

/** A connection to a SQLite file. */
export type Raw = Database.Database

/** A compiled statement that takes its values by position. */
export type Statement = Database.Statement<unknown[]>

export interface SqliteOptions {
  /** Path of the compiled addon. A bundle passes it, since it has no package folder to look in. */
  nativeBinding?: string
  /** How long a statement waits for another process's lock, in milliseconds. @default 30000 */
  busyTimeoutMs?: number
}

/** Under 64 processes the longest wait measured was 17 s: SQLite's waiting is not fair. */
export const BUSY_TIMEOUT_MS = 30_000

/** Makes the file, empty and for its owner alone, when it is not there. What exists is left as it is. */
export function ensureFile(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    closeSync(openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw fileError(error, file)
  }
}

/** Opens a file that exists. Nothing is read or written yet. */
export function openFile(file: string, options: SqliteOptions): Raw {
  const { nativeBinding, busyTimeoutMs: timeout = BUSY_TIMEOUT_MS } = options
  try {
    return new Database(file, {
      fileMustExist: true,
      timeout,
      ...(nativeBinding === undefined ? {} : { nativeBinding }),
    })
  } catch (error) {
    throw sqliteError(error, file)
  }
}

/** Switches the file to write-ahead logging, where it then stays. */
export async function ensureWal(raw: Raw, file: string): Promise<void> {
  if (raw.pragma('journal_mode', { simple: true }) === 'wal') return
  // SQLite does not wait for the busy timeout at this one step, so several first users collide.
  await retryBusy(async () => {
    const mode = raw.pragma('journal_mode = WAL', { simple: true })
    if (mode !== 'wal') {
      throw new StoreError(
        'STORE_FAILED',
        `The file system of ${file} does not support write-ahead logging`,
        {
          hint: 'Keep the state on a local disk with PARALLEL_CC_HOME, not on a network share.',
          data: { file, journalMode: mode },
        },
      )
    }
  })
}

async function retryBusy(step: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await step()
    } catch (error) {
      if (!String((error as { code?: unknown }).code).startsWith('SQLITE_BUSY') || attempt === WAL_ATTEMPTS)
        throw error
      await pause(Math.min(attempt * 5, 50))
    }
  }
}

const WAL_ATTEMPTS = 200
