/** Why a tree stays. */
export type KeepReason =
  | 'live-session'
  | 'locked'
  | 'main-worktree'
  | 'default-branch'
  | 'not-registered'
  | 'not-ours'
  | 'nested-worktree'
  | 'staged'
  | 'unstaged'
  | 'untracked'
  | 'ignored'
  | 'conflicted'
  | 'operation'
  | 'unlanded'
  | 'submodule'
  | 'missing'
  | 'changed-meanwhile'
  | 'cannot-move'
  | 'unreadable'

/** A kind of loss that a person can agree to, each by its own word. */
export type DiscardKind = 'uncommitted' | 'untracked' | 'unlanded'

export interface Refusal {
  reason: KeepReason
  /** One line, with counts or names. */
  message: string
  /** The word that would let this go; `null` when none does. */
  discardable: DiscardKind | null
}

const DISCARDABLE: Readonly<Partial<Record<KeepReason, DiscardKind>>> = {
  staged: 'uncommitted',
  unstaged: 'uncommitted',
  conflicted: 'uncommitted',
  untracked: 'untracked',
  ignored: 'untracked',
  unlanded: 'unlanded',
}

/** A refusal, with the word that lifts it if there is one. */
export function refuse(reason: KeepReason, message: string): Refusal {
  return { reason, message: message.replace(/[\r\n]+/g, ' '), discardable: DISCARDABLE[reason] ?? null }
}

/** `1 file`, `2 files`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
