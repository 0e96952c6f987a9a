/** What the client takes from a hook; `null` is no opinion. */
export interface HookReply {
  hookSpecificOutput: {
    hookEventName: string
    permissionDecision?: 'deny'
    permissionDecisionReason?: string
    additionalContext?: string
  }
}

/** The tool call does not run, and the model reads why, and what else there is. */
export function deny(reason: string, text: string | null): HookReply {
  return {
    hookSpecificOutput: {
      hookEventName: 'PreToolUse',
      permissionDecision: 'deny',
      permissionDecisionReason: reason,
      ...(text === null ? {} : { additionalContext: text }),
    },
  }
}

/** The model reads a text. */
export function tell(event: string, text: string): HookReply {
  return { hookSpecificOutput: { hookEventName: event, additionalContext: text } }
}
