export { answerHook, type HookCall } from './hook-events/answer.js'
export { ANSWERED_EVENTS } from './hook-events/event-names.js'
export type { HookFields } from './hook-events/fields.js'
export type { HookReply } from './hook-events/replies.js'
