import { readFileSync } from 'node:fs'
import { CoordinatorError } from '../errors.js'
import { CONFIG_KEYS, type Config, type ConfigKey, SETTINGS } from './schema.js'

/** Where a value came from. */
export type ConfigOrigin = 'default' | 'user'

export interface LoadedConfig {
  values: Config
  origins: Readonly<Record<ConfigKey, ConfigOrigin>>
  /** The user's file as it stands, for a change that keeps what it does not know. */
  raw: Record<string, unknown>
}

function invalid(file: string, what: string, cause?: unknown): CoordinatorError {
  return new CoordinatorError('COORDINATOR_CONFIG_INVALID', `${file}: ${what}`, {
    hint: 'Mend the file, or move it away to start from the defaults.',
    data: { file },
    cause,
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readRaw(file: string): Record<string, unknown> {
  let content: string
  try {
    content = readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // a state folder that is none has no settings; whoever needs the folder says what is wrong with it
    if (code === 'ENOENT' || code === 'ENOTDIR') return {}
    throw invalid(file, `cannot be read (${code})`, error)
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(content)
  } catch (error) {
    throw invalid(file, 'is not valid JSON', error)
  }
  if (!isObject(parsed)) throw invalid(file, 'does not hold a JSON object')
  return parsed
}

/** `{a: {b: 1}}` → `[['a.b', 1]]`: groups are objects, all values are leaves. */
function flatten(raw: Record<string, unknown>, prefix = ''): [string, unknown][] {
  return Object.entries(raw).flatMap(([name, value]) =>
    isObject(value)
      ? flatten(value, `${prefix}${name}.`)
      : [[`${prefix}${name}`, value] as [string, unknown]],
  )
}

/** The known key nearest to what was typed, for "did you mean". */
function nearest(key: string): ConfigKey | undefined {
  const lower = key.toLowerCase()
  const tail = lower.split('.').at(-1) ?? lower
  return CONFIG_KEYS.find(
    (known) => known.toLowerCase() === lower || known.toLowerCase().split('.').at(-1) === tail,
  )
}

/**
 * Says that a text is one of the keys.
 *
 * @throws CoordinatorError `COORDINATOR_CONFIG_UNKNOWN_KEY`, with the nearest key as the hint.
 */
export function knownKey(key: string): ConfigKey {
  if (Object.hasOwn(SETTINGS, key)) return key as ConfigKey
  const near = nearest(key)
  throw new CoordinatorError('COORDINATOR_CONFIG_UNKNOWN_KEY', `there is no setting '${key}'`, {
    hint: near === undefined ? 'parallel-cc config list shows all settings.' : `Did you mean ${near}?`,
    data: { key },
  })
}

/**
 * Reads the layers, lowest first: defaults, the user's file.
 *
 * @throws CoordinatorError `COORDINATOR_CONFIG_INVALID`, `COORDINATOR_CONFIG_UNKNOWN_KEY`.
 */
export function loadConfig(file: string): LoadedConfig {
  const raw = readRaw(file)
  const values: Record<string, unknown> = {}
  const origins: Record<string, ConfigOrigin> = {}
  for (const key of CONFIG_KEYS) {
    values[key] = SETTINGS[key].default
    origins[key] = 'default'
  }
  for (const [name, value] of flatten(raw)) {
    const key = knownKey(name)
    const read = SETTINGS[key].read(value)
    if (read === undefined) throw invalid(file, `${key} must be ${SETTINGS[key].expects}`)
    values[key] = read
    origins[key] = 'user'
  }
  return { values: values as unknown as Config, origins: origins as LoadedConfig['origins'], raw }
}
