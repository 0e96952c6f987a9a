import type { SessionRecord } from '@pcc/store'
import { type Repo, repairCreations, repairRemovals } from '@pcc/worktree'
import type { Deps } from '../deps.js'
import { isOwnerAlive, journalOwner, removalActor } from './actor.js'
import { endDead } from './end-dead.js'
import { removeOwnTree } from './own-tree.js'
import { sessionsOf } from './repo-row.js'

/** What became of the removals and restores that were cut off. */
export type RemovalRepairs = Awaited<ReturnType<typeof repairRemovals>>

async function endVoidReservation(deps: Deps, repo: Repo, session: SessionRecord): Promise<void> {
  const ended = await endDead(deps, session, 'start-interrupted')
  if (ended && session.ownsWorktree) await removeOwnTree(deps, repo, session)
}

/**
 * Sets right what a killed command left: half-made trees, half-done removals and restores, reservations whose maker is dead. Work that
 * is found in such a tree keeps it. Run by every command that changes something; cheap when there is nothing to do.
 * Returns what became of the removals and restores that were cut off.
 */
export async function repair(deps: Deps, repo: Repo): Promise<RemovalRepairs> {
  const now = deps.runtime.now()
  await repairCreations(repo, {
    owner: journalOwner(deps),
    isAlive: (owner) => isOwnerAlive(deps, owner),
    now,
  })
  const removals = await repairRemovals(repo, removalActor(deps))
  for (const { session, alive } of await sessionsOf(deps, repo)) {
    if (session.status === 'starting' && !alive && session.host === deps.runtime.host) {
      await endVoidReservation(deps, repo, session)
    }
  }
  return removals
}
