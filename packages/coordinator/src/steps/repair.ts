import type { SessionRecord } from '@pcc/store'
import { type Repo, repairCreations, repairRemovals } from '@pcc/worktree'
import type { Deps } from '../deps.js'
import { isOwnerAlive, removalActor } from './actor.js'
import { closeSession } from './close-session.js'
import { openBench } from './judge.js'
import { removeTree } from './remove-tree.js'
import { sessionsOf } from './repo-row.js'

async function endVoidReservation(deps: Deps, repo: Repo, session: SessionRecord): Promise<void> {
  const ending = { session, endReason: 'start-interrupted' }
  const ended = await deps.store.write(session.repoId, (tx) => closeSession(tx, deps.runtime, ending))
  if (!ended || !session.ownsWorktree) return
  await removeTree(deps, await openBench(deps, repo), { path: session.worktreePath })
}

/**
 * Sets right what a killed command left: half-made trees, half-done removals and restores, reservations whose maker is dead. Work that
 * is found in such a tree keeps it. Run by every command that changes something; cheap when there is nothing to do.
 */
export async function repair(deps: Deps, repo: Repo): Promise<void> {
  const now = deps.runtime.now()
  await repairCreations(repo, { isAlive: (owner) => isOwnerAlive(deps, owner), now })
  await repairRemovals(repo, removalActor(deps))
  for (const { session, alive } of await sessionsOf(deps, repo)) {
    if (session.status === 'starting' && !alive && session.host === deps.runtime.host) {
      await endVoidReservation(deps, repo, session)
    }
  }
}
