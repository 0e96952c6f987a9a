export { ANSWERED_EVENTS, answerHook, type HookCall } from './hook-events/answer.js'
export type { HookFields } from './hook-events/fields.js'
export type { HookReply } from './hook-events/replies.js'
