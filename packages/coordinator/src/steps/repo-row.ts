import type { SessionRecord } from '@pcc/store'
import type { Repo } from '@pcc/worktree'
import type { ViewDeps } from '../hot-coordinator.js'
import { isAlive } from '../liveness.js'
import { repoKey } from '../repo-key.js'

/** The sessions of a repo that have not ended, oldest first, each with whether its process lives. */
export async function sessionsOf(
  deps: ViewDeps,
  repo: Pick<Repo, 'commonDir'>,
): Promise<{ session: SessionRecord; alive: boolean }[]> {
  const row = await deps.store.read.repoByKey(repoKey(deps.runtime, repo.commonDir))
  const open = row === undefined ? [] : await deps.store.read.openSessions(row.id)
  return open.map((session) => ({
    session,
    alive: isAlive(deps.runtime, session, deps.config['session.staleMinutes']),
  }))
}
