/* What every hook starts with. A program holds all that its doors name, used or not, so this one names little. */
export { ANSWERED_EVENTS, answerHook, type HookCall } from './hook-events/answer.js'
export type { HookFields } from './hook-events/fields.js'
export type { HookReply } from './hook-events/replies.js'
export { openHotCoordinator } from './hot-coordinator.js'
export { placeOf } from './place.js'
export { isRunning, processKey, systemRuntime } from './runtime.js'
export { endingSession } from './use-cases/ending-session.js'
export { type RegisterResult, registerSession } from './use-cases/register-session.js'
