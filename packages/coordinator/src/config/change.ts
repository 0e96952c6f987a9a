import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { CoordinatorError } from '../errors.js'
import { knownKey, loadConfig } from './load.js'
import { SETTINGS } from './schema.js'

/** A copy of `raw` with one leaf set, or taken out when `value` is `undefined`; groups left empty go. */
function withLeaf(
  raw: Record<string, unknown>,
  path: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const [head = '', ...rest] = path
  const copy = { ...raw }
  if (rest.length === 0) {
    if (value === undefined) delete copy[head]
    else copy[head] = value
    return copy
  }
  const group = withLeaf((copy[head] as Record<string, unknown> | undefined) ?? {}, rest, value)
  if (Object.keys(group).length === 0) delete copy[head]
  else copy[head] = group
  return copy
}

function dropDraft(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // where its folder is none there is no draft either
  }
}

function write(file: string, raw: Record<string, unknown>): void {
  const next = `${file}.${process.pid}.tmp`
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(next, `${JSON.stringify(raw, null, 2)}\n`, { mode: 0o600 })
    renameSync(next, file)
  } catch (error) {
    dropDraft(next)
    const { code } = error as NodeJS.ErrnoException
    throw new CoordinatorError('COORDINATOR_CONFIG_UNWRITABLE', `${file} cannot be written (${code})`, {
      hint: 'Check the permissions of that folder, or set PARALLEL_CC_HOME to another one.',
      cause: error,
    })
  }
}

/**
 * Sets one setting in the user's file from the text that was typed; the file is replaced by rename.
 *
 * @throws CoordinatorError `COORDINATOR_CONFIG_UNKNOWN_KEY`, `COORDINATOR_BAD_INPUT`, `COORDINATOR_CONFIG_UNWRITABLE`.
 */
export function setConfig(file: string, name: string, typed: string): void {
  const key = knownKey(name)
  const value = SETTINGS[key].read(typed)
  if (value === undefined) {
    throw new CoordinatorError(
      'COORDINATOR_BAD_INPUT',
      `'${typed}' is not ${SETTINGS[key].expects} for ${key}`,
      {
        hint: SETTINGS[key].help,
        data: { key },
      },
    )
  }
  const { raw } = loadConfig(file)
  write(file, withLeaf(raw, key.split('.'), value))
}

/** Takes one setting out of the user's file, so that its default holds again. False when it was not set. */
export function unsetConfig(file: string, name: string): boolean {
  const key = knownKey(name)
  const { raw, origins } = loadConfig(file)
  if (origins[key] === 'default') return false
  write(file, withLeaf(raw, key.split('.'), undefined))
  return true
}
