import { openHotStore, type SessionCounting, type SessionStore } from '@pcc/store/hot'
import type { Config } from './config/schema.js'
import type { Place } from './place.js'
import { placeOf } from './place.js'
import { type Runtime, systemRuntime } from './runtime.js'

/** The store as both of its doors give it. */
export type HotStore = SessionStore & SessionCounting

/** What the fast use cases need. */
export interface HotDeps {
  runtime: Runtime
  store: HotStore
  env: NodeJS.ProcessEnv
}

/** What showing things needs, which changes nothing. */
export interface ViewDeps extends Pick<HotDeps, 'runtime' | 'store'> {
  config: Config
}

export interface HotOptions {
  env: NodeJS.ProcessEnv
  /** Path of the compiled SQLite addon; a bundle passes it, since it has no package folder to look in. */
  nativeBinding?: string
  /** How long a writer waits for the database, in milliseconds. @default 30000 */
  busyTimeoutMs?: number
  /** How long a database server may take to answer, in milliseconds. @default 10000 */
  answerTimeoutMs?: number
}

/** Opens the store for a process that must start fast: the small door when it fits, else the full one, which migrates or refuses. */
async function openSessionStore(place: Place, settings: Omit<HotOptions, 'env'>): Promise<HotStore> {
  if (place.databaseUrl === undefined) {
    const hot = openHotStore(place.databaseFile, settings)
    if (hot !== null) return hot
  }
  const { openStore } = await import('@pcc/store')
  return openStore(
    place.databaseUrl === undefined ? { file: place.databaseFile } : { url: place.databaseUrl },
    settings,
  )
}

/** The coordinator of hooks, `heartbeat` and `status`: nothing is loaded that they do not use. */
export async function openHotCoordinator(options: HotOptions): Promise<HotDeps & { close(): Promise<void> }> {
  const { env, ...settings } = options
  const store = await openSessionStore(placeOf(env), settings)
  return { runtime: systemRuntime(), store, env, close: () => store.close() }
}
