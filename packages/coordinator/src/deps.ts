import type { Store } from '@pcc/store'
import type { Config } from './config/schema.js'
import type { Runtime } from './runtime.js'

/** What the use cases stand on. Nothing here knows argv, JSON-RPC or colours. */
export interface Deps {
  runtime: Runtime
  store: Store
  config: Config
  env: NodeJS.ProcessEnv
}
