import type { Conflict } from '@pcc/claims'
import type { SessionRecord } from '@pcc/store/hot'
import { cutText, plainLine } from '../plain-text.js'
import { sessionLabel } from './claim-view.js'
import type { ForeignTarget } from './edit-place.js'

/** As long as a reason may be: the model reads it in place of the tool's result. */
const MOST = 600

const SHOWN_PATH = 120

function called(session: SessionRecord | undefined, id: string): string {
  const name = session === undefined ? null : sessionLabel(session)
  return name === null || name === id ? `session ${id}` : `${plainLine(name, 40)} (session ${id})`
}

function shown(path: string): string {
  return plainLine(path, SHOWN_PATH)
}

function claimText({ by }: Conflict): string {
  const parts = [`since ${by.claimedAt}`]
  parts.push(by.expiresAt === null ? 'until it is released' : `until ${by.expiresAt}`)
  const pattern = by.isGlob ? ` as ${shown(by.path)}` : ''
  const reason = by.reason === null ? '' : `, because: ${plainLine(by.reason, 100)}`
  return `${parts.join(' ')}${pattern}${reason}`
}

function more(count: number): string {
  return count > 1 ? ` (and ${count - 1} more)` : ''
}

/** Another session holds it: this call does not run, nor does a repeat. */
export function heldText(conflicts: readonly Conflict[], holder: SessionRecord | undefined): string {
  const first = conflicts[0] as Conflict
  const how = first.by.mode === 'exclusive' ? 'holds' : 'works in this same tree on'
  return cutText(
    `parallel-cc: ${called(holder, first.by.sessionId)} ${how} ${shown(first.path)}${more(conflicts.length)} ` +
      `${claimText(first)}. Nothing was changed. Do not write to it another way: ask ${first.by.sessionId} with ` +
      'send_message to release it, wait and try again, or work on something else meanwhile.',
    MOST,
  )
}

/** Another session edits it elsewhere: told once. */
export function warnedText(conflicts: readonly Conflict[], holder: SessionRecord | undefined): string {
  const first = conflicts[0] as Conflict
  const how = first.by.source === 'edit' ? 'is editing' : 'claims'
  return cutText(
    `parallel-cc: ${called(holder, first.by.sessionId)} ${how} ${shown(first.path)}${more(conflicts.length)} in its ` +
      `own tree ${claimText(first)}. Held back this once, since both changes will have to be merged. If you need it ` +
      'all the same, make the same call again: it goes through. Else work on something else, or agree with ' +
      'send_message on who changes what.',
    MOST,
  )
}

/** The same, where the call has gone through. */
export function toldText(conflicts: readonly Conflict[], holder: SessionRecord | undefined): string {
  const first = conflicts[0] as Conflict
  return cutText(
    `parallel-cc: ${called(holder, first.by.sessionId)} also changes ${shown(first.path)}${more(conflicts.length)} ` +
      `in its own tree ${claimText(first)}. Both changes will have to be merged: keep yours small, or agree with ` +
      'send_message on who changes what.',
    MOST,
  )
}

/** The path is in a tree of somebody else. */
export function wrongTreeText({ holder, isMain, meant, corrected }: ForeignTarget): string {
  const whose =
    holder === undefined
      ? isMain
        ? 'the main checkout'
        : 'another working tree'
      : `the tree of ${called(holder, holder.id)}`
  return cutText(
    `parallel-cc: ${shown(meant)} is in ${whose}, not in yours. Nothing was changed. Use the path in your own tree: ` +
      `${plainLine(corrected, 300)}`,
    MOST,
  )
}

/** A command that may change every file of a tree in which somebody else works too. */
export function sharedTreeText(neighbour: SessionRecord): string {
  return cutText(
    `parallel-cc: ${called(neighbour, neighbour.id)} works in this same tree, and the command may change or throw away ` +
      `its files. Nothing was changed. Name the files that are yours instead, or ask ${neighbour.id} with send_message first.`,
    MOST,
  )
}

export interface BothSides {
  toHolder: string
  toSession: string
}

/** A command has written to what another session holds: for the holder, and for whose command it was. */
export function violationTexts(session: SessionRecord, holder: SessionRecord, conflict: Conflict): BothSides {
  const path = shown(conflict.path)
  const where = session.worktreePath === holder.worktreePath ? 'this same tree' : 'its own tree'
  return {
    toHolder: cutText(
      `${called(session, session.id)} has changed ${path}, which you hold (${conflict.by.mode}), in ${where} by a shell ` +
        'command. Its change and yours will meet: agree with send_message on whose stays.',
      MOST,
    ),
    toSession: cutText(
      `Your shell command has changed ${path}, which ${called(holder, holder.id)} holds (${conflict.by.mode}) ` +
        `${claimText(conflict)}. It has been told. Take the change back unless it agrees with send_message.`,
      MOST,
    ),
  }
}

/** A command has written into another session's tree. */
export function intrusionTexts(
  session: SessionRecord,
  holder: SessionRecord,
  { meant, corrected }: ForeignTarget,
): BothSides {
  return {
    toHolder: cutText(
      `${called(session, session.id)} has changed ${shown(meant)} in your tree by a shell command. Look at it before you ` +
        'commit, and ask with send_message what it is for.',
      MOST,
    ),
    toSession: cutText(
      `Your shell command has changed ${shown(meant)}, which is in the tree of ${called(holder, holder.id)}. It has been ` +
        `told. Yours is ${plainLine(corrected, 300)}.`,
      MOST,
    ),
  }
}
