export { StoreError, type StoreErrorCode } from '@pcc/store/hot'
export { WorktreeError, type WorktreeErrorCode } from '@pcc/worktree'
export { locateRepo } from '@pcc/worktree/locate'
export { loadConfig } from './config/load.js'
export { CoordinatorError, type CoordinatorErrorCode } from './errors.js'
export {
  endingSession,
  heartbeat,
  openHotCoordinator,
  registerSession,
  status,
  type ViewDeps,
} from './hot-coordinator.js'
export { placeOf } from './place.js'
export type { RegisterResult } from './use-cases/register-session.js'
export type { StatusResult } from './use-cases/status.js'
