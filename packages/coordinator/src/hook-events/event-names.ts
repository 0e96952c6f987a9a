/** The events that come while the agent works and are answered. Apart from the answers, which a hook that gives none need not load. */
export const ANSWERED_EVENTS = [
  'PreToolUse',
  'PostToolUse',
  'UserPromptSubmit',
  'PostToolBatch',
  'Stop',
] as const

export type AnsweredEvent = (typeof ANSWERED_EVENTS)[number]
