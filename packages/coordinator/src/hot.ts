export { locateRepo } from '@pcc/worktree/locate'
export { endingSession, heartbeat, openHotCoordinator, registerSession } from './hot-coordinator.js'
export { placeOf } from './place.js'
export type { RegisterResult } from './use-cases/register-session.js'
