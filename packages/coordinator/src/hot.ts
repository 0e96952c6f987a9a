export { StoreError, type StoreErrorCode } from '@pcc/store/hot'
export { WorktreeError, type WorktreeErrorCode } from '@pcc/worktree'
export { locateRepo } from '@pcc/worktree/locate'
export { findCaller } from './caller.js'
export { loadConfig } from './config/load.js'
export { CoordinatorError, type CoordinatorErrorCode } from './errors.js'
export {
  deliverMessages,
  endingSession,
  heartbeat,
  openHotCoordinator,
  readMessages,
  registerSession,
  sendMessage,
  status,
} from './hot-coordinator.js'
export { placeOf } from './place.js'
export { plainLine, plainText } from './plain-text.js'
export type { MessageView, ReadResult } from './use-cases/read-messages.js'
export type { RegisterResult } from './use-cases/register-session.js'
export type { Recipient, SendResult } from './use-cases/send-message.js'
export type { StatusResult } from './use-cases/status.js'
