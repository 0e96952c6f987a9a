import type { ConfigKey } from '@pcc/coordinator'
import type { CommonArgs } from '../context.js'
import { EXIT, UsageError } from '../exit-codes.js'
import { type Io, printJson, say } from '../io.js'
import { table } from '../render/table.js'

export interface ConfigArgs extends CommonArgs {
  action: 'get' | 'set' | 'unset' | 'list'
  key?: string | undefined
  value?: string | undefined
  origin: boolean
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.join(',')
  return value === null ? '' : String(value)
}

function need(text: string | undefined, what: string): string {
  if (text !== undefined) return text
  throw new UsageError(`config needs ${what}`, 'parallel-cc config list shows the settings.')
}

/** Reads and changes the person's settings. Opens no database. */
export async function config(io: Io, args: ConfigArgs): Promise<number> {
  const rooms = await import('@pcc/coordinator')
  const { configFile } = rooms.placeOf(io.env)
  if (args.action === 'set') {
    rooms.setConfig(configFile, need(args.key, 'a key'), need(args.value, 'a value'))
    return EXIT.done
  }
  if (args.action === 'unset') {
    const key = need(args.key, 'a key')
    return rooms.unsetConfig(configFile, key) ? EXIT.done : EXIT.notFound
  }
  const { values, origins } = rooms.loadConfig(configFile)
  if (args.action === 'get') {
    const key = rooms.knownKey(need(args.key, 'a key'))
    if (args.json) printJson(io, { key, value: values[key], origin: origins[key] })
    else say(io, shown(values[key]))
    return EXIT.done
  }
  listAll(io, args, { keys: rooms.CONFIG_KEYS, values, origins })
  return EXIT.done
}

interface Loaded {
  keys: readonly ConfigKey[]
  values: Readonly<Record<ConfigKey, unknown>>
  origins: Readonly<Record<ConfigKey, string>>
}

function listAll(io: Io, args: ConfigArgs, loaded: Loaded): void {
  const { keys } = loaded
  if (args.json) {
    const settings = keys.map((key) => ({
      key,
      value: loaded.values[key],
      ...(args.origin ? { origin: loaded.origins[key] } : {}),
    }))
    printJson(io, { settings })
    return
  }
  const rows = keys.map((key) => [
    ...(args.origin ? [loaded.origins[key]] : []),
    key,
    shown(loaded.values[key]),
  ])
  say(io, table(io, [...(args.origin ? ['FROM'] : []), 'SETTING', 'VALUE'], rows))
}
