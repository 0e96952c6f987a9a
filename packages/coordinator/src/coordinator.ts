import { openStore } from '@pcc/store'
import { loadConfig } from './config/load.js'
import type { Deps } from './deps.js'
import type { HotOptions } from './hot-coordinator.js'
import { placeOf } from './place.js'
import { systemRuntime } from './runtime.js'
import { attachAgent } from './use-cases/attach-agent.js'
import { checkPaths } from './use-cases/check-paths.js'
import { claimPaths } from './use-cases/claim-paths.js'
import { cleanUp } from './use-cases/clean-up.js'
import { deliverMessages } from './use-cases/deliver-messages.js'
import { endSession } from './use-cases/end-session.js'
import { giveTree } from './use-cases/give-tree.js'
import { heartbeat } from './use-cases/heartbeat.js'
import { listClaims } from './use-cases/list-claims.js'
import { listTrees } from './use-cases/list-trees.js'
import { readMessages } from './use-cases/read-messages.js'
import { releasePaths } from './use-cases/release-paths.js'
import { listRestorable, restoreTree } from './use-cases/restore.js'
import { sendMessage } from './use-cases/send-message.js'
import { startSession } from './use-cases/start-session.js'
import { status } from './use-cases/status.js'
import { takeTree } from './use-cases/take-tree.js'

type UseCase<I, R> = (deps: Deps, input: I) => Promise<R>
type Bound<T> = T extends UseCase<infer I, infer R> ? (input: I) => Promise<R> : never

/** All use cases, bound to one open store. */
export interface Coordinator {
  startSession: Bound<typeof startSession>
  attachAgent: Bound<typeof attachAgent>
  heartbeat: Bound<typeof heartbeat>
  endSession: Bound<typeof endSession>
  status: Bound<typeof status>
  listTrees: Bound<typeof listTrees>
  cleanUp: Bound<typeof cleanUp>
  listRestorable: Bound<typeof listRestorable>
  restoreTree: Bound<typeof restoreTree>
  claimPaths: Bound<typeof claimPaths>
  releasePaths: Bound<typeof releasePaths>
  checkPaths: Bound<typeof checkPaths>
  listClaims: Bound<typeof listClaims>
  giveTree: Bound<typeof giveTree>
  takeTree: Bound<typeof takeTree>
  sendMessage: Bound<typeof sendMessage>
  readMessages: Bound<typeof readMessages>
  deliverMessages: Bound<typeof deliverMessages>
  close(): Promise<void>
}

/**
 * Opens the state folder (made when it is not there), the configuration and the store.
 *
 * @throws CoordinatorError `COORDINATOR_CONFIG_INVALID`, `COORDINATOR_CONFIG_UNKNOWN_KEY`; StoreError with its codes.
 */
export async function openCoordinator(options: HotOptions): Promise<Coordinator> {
  const place = placeOf(options.env)
  const { values: config } = loadConfig(place.configFile)
  const { env, ...settings } = options
  const store = await openStore(
    place.databaseUrl === undefined ? { file: place.databaseFile } : { url: place.databaseUrl },
    settings,
  )
  const deps: Deps = { runtime: systemRuntime(), store, config, env }
  return {
    startSession: (input) => startSession(deps, input),
    attachAgent: (input) => attachAgent(deps, input),
    heartbeat: (input) => heartbeat(deps, input),
    endSession: (input) => endSession(deps, input),
    status: (input) => status(deps, input),
    listTrees: (input) => listTrees(deps, input),
    cleanUp: (input) => cleanUp(deps, input),
    listRestorable: (input) => listRestorable(deps, input),
    restoreTree: (input) => restoreTree(deps, input),
    claimPaths: (input) => claimPaths(deps, input),
    releasePaths: (input) => releasePaths(deps, input),
    checkPaths: (input) => checkPaths(deps, input),
    listClaims: (input) => listClaims(deps, input),
    giveTree: (input) => giveTree(deps, input),
    takeTree: (input) => takeTree(deps, input),
    sendMessage: (input) => sendMessage(deps, input),
    readMessages: (input) => readMessages(deps, input),
    deliverMessages: (input) => deliverMessages(deps, input),
    close: () => store.close(),
  }
}
