import type { RegisterResult } from '@pcc/coordinator/hook-events'

type Registered = Extract<RegisterResult, { outcome: 'registered' }>
type Session = Registered['session']

/** The client cuts what a hook adds at 10,000 characters; a list of sessions stays far below. */
const MOST_NAMED = 12

// biome-ignore lint/suspicious/noControlCharactersInRegex: a name must not break the sentence that it stands in
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g

function plain(text: string): string {
  return text.replace(CONTROL, ' ')
}

function line(other: Session, own: Session): string {
  const name = plain(other.name ?? other.worktreeName ?? other.id)
  const where = other.worktreePath === own.worktreePath ? 'THIS SAME tree' : plain(other.worktreePath)
  const branch = other.branch === null ? '' : ` on branch ${plain(other.branch)}`
  return `- ${name} (session ${other.id}) in ${where}${branch}, since ${other.startedAt}`
}

/** What the model is told when its session starts; nothing when it is alone in the main checkout. */
export function sessionStartText(result: Registered): string | null {
  const { session, others } = result
  if (others.length === 0 && session.isMainRepo) return null
  const tree = session.isMainRepo ? 'the main checkout' : 'a linked git worktree of your own'
  const branch = session.branch === null ? '' : ` on branch ${plain(session.branch)}`
  const lines = [
    `parallel-cc: you are session ${session.id} in ${tree}, ${plain(session.worktreePath)}${branch}.`,
  ]
  if (others.length > 0) {
    lines.push(`Other sessions at work in this repository: ${others.length}.`)
    lines.push(...others.slice(0, MOST_NAMED).map((other) => line(other, session)))
    if (others.length > MOST_NAMED) lines.push(`- and ${others.length - MOST_NAMED} more`)
    lines.push('Change files in your own tree only. `parallel-cc status` shows who works where.')
  }
  if (others.some((other) => other.worktreePath === session.worktreePath)) {
    lines.push(
      'Somebody else edits the files of this very tree: expect them to change, and commit only your own changes.',
    )
  }
  return lines.join('\n')
}

/** The reply that adds a text to what the model reads. */
export function contextReply(event: string, text: string): string {
  return `${JSON.stringify({ hookSpecificOutput: { hookEventName: event, additionalContext: text } })}\n`
}
