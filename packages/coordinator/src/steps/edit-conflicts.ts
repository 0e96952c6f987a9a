import { type Conflict, claimsNear, findConflicts } from '@pcc/claims'
import type { ClaimRecord, SessionRecord } from '@pcc/store/hot'
import type { HotDeps } from '../hot-coordinator.js'
import { deadHolders, freeClaimsOf } from './dead-holders.js'
import type { OwnTarget } from './edit-place.js'

export interface EditConflicts {
  /** What no repeat gets past. */
  blocking: Conflict[]
  /** What is told once. */
  warning: Conflict[]
  /** All claims that can meet the targets, the session's own among them. */
  near: readonly ClaimRecord[]
  holders: ReadonlyMap<string, SessionRecord | undefined>
}

/**
 * What stands in the way of writing to these targets. Claims of dead sessions are freed, and edits that are over are dropped, before
 * anything counts.
 */
export async function editConflicts(
  deps: HotDeps,
  session: SessionRecord,
  own: readonly OwnTarget[],
): Promise<EditConflicts> {
  const { runtime, store } = deps
  const asked = own.map((target) => target.asked)
  const near = await claimsNear(store.read, session.repoId, asked)
  let found = findConflicts({ held: near, asked, sessionId: session.id, now: runtime.now() })
  if (found.length === 0) return { blocking: [], warning: [], near, holders: new Map() }

  const dead = await deadHolders({ runtime, read: store.read }, found)
  if (dead.length > 0) {
    const freed = await store.write(session.repoId, (tx) => freeClaimsOf(tx, dead))
    const gone = new Set(freed.map((claim) => claim.sessionId))
    found = found.filter((conflict) => !gone.has(conflict.by.sessionId))
  }
  const holders = new Map<string, SessionRecord | undefined>()
  for (const { by } of found) {
    if (!holders.has(by.sessionId)) holders.set(by.sessionId, await store.read.sessionById(by.sessionId))
  }
  if (found.some((conflict) => conflict.clash === 'warns')) {
    // git is asked only where there is something to be settled
    const { withoutSettled } = await import('./settled-edits.js')
    found = await withoutSettled(deps, { session, own, holders }, found)
  }
  return sorted(found, own, { near, holders })
}

/** Two sessions in one tree see each other's files: there a warning is not enough. */
function sorted(
  found: readonly Conflict[],
  own: readonly OwnTarget[],
  rest: Pick<EditConflicts, 'near' | 'holders'>,
): EditConflicts {
  const trees = new Map(own.map((target) => [target.asked.path, target]))
  const isBlocking = (conflict: Conflict): boolean =>
    conflict.clash === 'blocks' ||
    rest.holders.get(conflict.by.sessionId)?.worktreePath === trees.get(conflict.path)?.tree
  // a command that may change any file of its own tree is no edit of a file that somebody edits in another
  const warns = found.filter((one) => !isBlocking(one) && trees.get(one.path)?.isWholeTree !== true)
  return { ...rest, blocking: found.filter(isBlocking), warning: warns }
}
