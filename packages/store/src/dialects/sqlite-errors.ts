import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { StoreError, type StoreErrorCode } from '../errors.js'

/** Says what went wrong with a SQLite file in the terms of this room. A `StoreError` comes back as it is. */
export function sqliteError(error: unknown, file: string): StoreError {
  if (error instanceof StoreError) return error
  const { code, message } = asCoded(error)
  if (isDriverMissing(code, message)) return driverMissing(error, file)
  if (code.startsWith('SQLITE_CANTOPEN')) return cannotOpen(error, file)
  const known = TEXTS.find((text) => text.codes.some((prefix) => code.startsWith(prefix)))
  if (known === undefined) {
    return new StoreError('STORE_FAILED', `The database ${file} failed: ${firstLine(message)}`, {
      data: { file, sqliteCode: code },
      cause: error,
    })
  }
  return new StoreError(known.code, `${known.message(file)} (${code})`, {
    hint: known.hint,
    data: { file, sqliteCode: code },
    cause: error,
  })
}

/** Says why a folder or file of the database could not be made. */
export function fileError(error: unknown, file: string): StoreError {
  const { code, message } = asCoded(error)
  const details = { data: { file, systemCode: code }, cause: error }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new StoreError('STORE_FULL', `There is no space left to create the database ${file} (${code})`, {
      hint: 'Free some disk space and try again.',
      ...details,
    })
  }
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') {
    return new StoreError('STORE_READ_ONLY', `The database ${file} cannot be created or written (${code})`, {
      hint: `Make ${dirname(file)} writable for this user, or keep the state elsewhere with PARALLEL_CC_HOME.`,
      ...details,
    })
  }
  return new StoreError(
    'STORE_FAILED',
    `The database ${file} cannot be created: ${firstLine(message)}`,
    details,
  )
}

interface Text {
  codes: string[]
  code: StoreErrorCode
  message: (file: string) => string
  hint: string
}

const TEXTS: Text[] = [
  {
    codes: ['SQLITE_BUSY', 'SQLITE_LOCKED'],
    code: 'STORE_BUSY',
    message: (file) => `The database ${file} stayed locked by another process`,
    hint: 'Try again; if it goes on, look for a stuck process that has the file open.',
  },
  {
    codes: ['SQLITE_READONLY'],
    code: 'STORE_READ_ONLY',
    message: (file) => `The database ${file} is read-only`,
    hint: 'Make the file and its folder writable for this user, or keep the state elsewhere with PARALLEL_CC_HOME.',
  },
  {
    // A quota or a file size limit shows up as a failed write, a full disk also as shared memory that cannot grow.
    codes: ['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_SHMSIZE'],
    code: 'STORE_FULL',
    message: (file) =>
      `The database ${file} cannot grow: the disk is full, or a quota or size limit is reached`,
    hint: 'Free some disk space and try again; nothing of the last change was kept.',
  },
  {
    codes: ['SQLITE_CORRUPT'],
    code: 'STORE_CORRUPT',
    message: (file) => `The database ${file} is damaged`,
    hint: 'It was left as it is. Move it away to start afresh, or try to save it with `sqlite3 FILE .recover`.',
  },
  {
    codes: ['SQLITE_NOTADB'],
    code: 'STORE_NOT_A_DATABASE',
    message: (file) => `The file ${file} is not a SQLite database`,
    hint: 'It was left as it is. Move it away, or keep the state elsewhere with PARALLEL_CC_HOME.',
  },
  {
    codes: ['SQLITE_PERM', 'SQLITE_AUTH'],
    code: 'STORE_DENIED',
    message: (file) => `Access to the database ${file} is denied`,
    hint: 'Give this user the right to read and write the file.',
  },
]

function cannotOpen(error: unknown, file: string): StoreError {
  const details = { data: { file, sqliteCode: asCoded(error).code }, cause: error }
  if (isDirectory(file)) {
    return new StoreError('STORE_NOT_A_DATABASE', `${file} is a folder, not a database`, {
      hint: 'Name a file, or keep the state elsewhere with PARALLEL_CC_HOME.',
      ...details,
    })
  }
  if (!may(file, constants.R_OK)) {
    return new StoreError('STORE_DENIED', `The database ${file} cannot be read`, {
      hint: 'Give this user the right to read and write the file and its folder.',
      ...details,
    })
  }
  if (!may(file, constants.W_OK) || !may(dirname(file), constants.W_OK)) {
    return new StoreError('STORE_READ_ONLY', `The database ${file} is read-only`, {
      hint: 'Make the file and its folder writable for this user, or keep the state elsewhere with PARALLEL_CC_HOME.',
      ...details,
    })
  }
  return new StoreError('STORE_FAILED', `The database ${file} cannot be opened`, details)
}

function driverMissing(error: unknown, file: string): StoreError {
  const { code, message } = asCoded(error)
  const otherNode = message.includes('NODE_MODULE_VERSION')
  return new StoreError(
    'STORE_DRIVER_MISSING',
    otherNode
      ? `The SQLite driver was built for another version of Node than ${process.version}`
      : 'The native part of the SQLite driver better-sqlite3 is missing or cannot be loaded',
    {
      hint: `Run \`npm rebuild better-sqlite3\` with this Node (${process.version}), or install parallel-cc again.`,
      data: { file, nodeVersion: process.version, systemCode: code },
      cause: error,
    },
  )
}

function isDriverMissing(code: string, message: string): boolean {
  return (
    code === 'MODULE_NOT_FOUND' ||
    code === 'ERR_DLOPEN_FAILED' ||
    message.startsWith('Could not locate the bindings file')
  )
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    // The reason does not matter here: the caller words what could not be done.
    return false
  }
}

function asCoded(error: unknown): { code: string; message: string } {
  const { code, message } = error as { code?: unknown; message?: unknown }
  return {
    code: typeof code === 'string' ? code : '',
    message: typeof message === 'string' ? message : String(error),
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
