import type { SessionReads, SessionRecord } from '@pcc/store/hot'
import { CoordinatorError } from '../errors.js'
import { isAlive } from '../liveness.js'
import type { Runtime } from '../runtime.js'
import { resolveSession } from '../session-ref.js'

/** The word for every open session of the repo but the sender. */
export const EVERYBODY = 'all'

export interface Addressing {
  runtime: Runtime
  read: SessionReads
  repoId: string | undefined
  senderId: string | undefined
}

/** Of namesakes the one that lives is meant: a dead one keeps its name until it is cleaned up. */
async function livingNamesake(
  { runtime, read }: Addressing,
  error: CoordinatorError,
): Promise<SessionRecord | undefined> {
  const ids = (error.data['candidates'] ?? []) as string[]
  const rows = await Promise.all(ids.map((id) => read.sessionById(id)))
  const alive = rows.filter((row) => row !== undefined && isAlive(runtime, row))
  return alive.length === 1 ? alive[0] : undefined
}

async function one(addressing: Addressing, ref: string): Promise<SessionRecord> {
  // by its id a session is known after its end too: the sender is told that it is dead
  const exact = await addressing.read.sessionById(ref)
  if (exact !== undefined) return exact
  try {
    return await resolveSession(addressing.read, ref, addressing.repoId)
  } catch (error) {
    if (!(error instanceof CoordinatorError) || error.code !== 'COORDINATOR_AMBIGUOUS_SESSION') throw error
    const meant = await livingNamesake(addressing, error)
    if (meant === undefined) throw error
    return meant
  }
}

/**
 * The sessions that are meant, each once, in the order in which they are named.
 *
 * @throws CoordinatorError `COORDINATOR_NO_SESSION`, `COORDINATOR_AMBIGUOUS_SESSION`.
 */
export async function findRecipients(
  addressing: Addressing,
  to: readonly string[],
): Promise<SessionRecord[]> {
  const { read, repoId, senderId } = addressing
  const found = new Map<string, SessionRecord>()
  for (const ref of to) {
    const rows =
      ref === EVERYBODY
        ? (repoId === undefined ? [] : await read.openSessions(repoId)).filter((row) => row.id !== senderId)
        : [await one(addressing, ref)]
    for (const row of rows) found.set(row.id, row)
  }
  return [...found.values()]
}
