export { ClaimsError, type ClaimsErrorCode } from '@pcc/claims'
export { StoreError, type StoreErrorCode } from '@pcc/store/hot'
export { WorktreeError, type WorktreeErrorCode } from '@pcc/worktree'
export { locateRepo } from '@pcc/worktree/locate'
export { findCaller } from './caller.js'
export { loadConfig } from './config/load.js'
export { CoordinatorError, type CoordinatorErrorCode } from './errors.js'
export {
  afterEdit,
  checkEdit,
  checkPaths,
  claimPaths,
  deliverMessages,
  endingSession,
  type HotDeps,
  heartbeat,
  isRegistered,
  listClaims,
  mySession,
  openHotCoordinator,
  readMessages,
  registerSession,
  releasePaths,
  sendMessage,
  status,
  type ViewDeps,
} from './hot-coordinator.js'
export { placeOf } from './place.js'
export { plainLine, plainText } from './plain-text.js'
export { ancestry, isRunning, processKey, systemRuntime } from './runtime.js'
export type { ClaimView, HeldPath } from './steps/claim-view.js'
export type { AfterEditInput, AfterEditResult } from './use-cases/after-edit.js'
export type { CheckEditDeps, CheckEditInput, EditVerdict } from './use-cases/check-edit.js'
export type { CheckResult } from './use-cases/check-paths.js'
export type { ClaimDeps, ClaimResult } from './use-cases/claim-paths.js'
export type { ListClaimsResult } from './use-cases/list-claims.js'
export type { MySession } from './use-cases/my-session.js'
export type { MessageView, ReadResult } from './use-cases/read-messages.js'
export type { RegisterResult } from './use-cases/register-session.js'
export type { ReleaseResult } from './use-cases/release-paths.js'
export type { Recipient, SendResult } from './use-cases/send-message.js'
export type { StatusResult } from './use-cases/status.js'
