import type { SessionRecord } from '@pcc/store'
import { findCaller } from '../caller.js'
import type { Deps } from '../deps.js'
import { CoordinatorError } from '../errors.js'
import { faultPoint } from '../fault.js'
import { resolveSession } from '../session-ref.js'
import { closeSession } from '../steps/close-session.js'
import { keptFor, removeOwnTree, repoOf } from '../steps/own-tree.js'
import type { TreeDecision } from '../steps/remove-tree.js'
import { repair } from '../steps/repair.js'
import { callerTree, treeOf } from '../tree-of.js'

export interface EndInput {
  /** Id, unique beginning of an id, or name. @default the calling session */
  session?: string
  directory: string
  /** The asking process. */
  pid: number
  /** Recorded with the session: `stopped`, `exited`, `crashed`… */
  reason: string
  /** True keeps the tree even if nothing would be lost. @default false */
  keep?: boolean
}

export type EndResult =
  | { outcome: 'ended'; sessionId: string; name: string | null; tree: TreeDecision }
  | { outcome: 'already-ended'; sessionId: string }

async function findSession(deps: Deps, input: EndInput): Promise<SessionRecord> {
  const { runtime, store } = deps
  if (input.session !== undefined) {
    const exact = await store.read.sessionById(input.session)
    if (exact !== undefined) return exact
  }
  const place = await treeOf({ runtime, read: store.read }, input.directory)
  if (input.session !== undefined) return resolveSession(store.read, input.session, place?.repoId)
  const caller = { pid: input.pid, env: deps.env, tree: async () => callerTree(place) }
  const session = await findCaller({ runtime, read: store.read }, caller)
  if (session !== undefined) return session
  throw new CoordinatorError('COORDINATOR_NO_SESSION', `no session is calling from ${input.directory}`, {
    hint: 'Name the session: parallel-cc stop SESSION. parallel-cc status --all lists them.',
  })
}

async function takeTree(deps: Deps, session: SessionRecord): Promise<TreeDecision> {
  const repo = await repoOf(deps, session)
  if (repo === null) return keptFor(session, 'missing', 'its repository is not on this host, or not any more')
  await repair(deps, repo)
  return removeOwnTree(deps, repo, session)
}

/**
 * Ends a session: its claims are freed; a tree that was made for it is removed if the nothing-lost gate lets it go, else kept and the
 * reason told. Ending twice is harmless.
 *
 * @throws CoordinatorError `COORDINATOR_NO_SESSION`, `COORDINATOR_AMBIGUOUS_SESSION`.
 */
export async function endSession(deps: Deps, input: EndInput): Promise<EndResult> {
  const session = await findSession(deps, input)
  const ending = { session, endReason: input.reason }
  faultPoint('stop:ending')
  const ended = await deps.store.write(session.repoId, (tx) => closeSession(tx, deps.runtime, ending))
  faultPoint('stop:ended')
  if (!ended) return { outcome: 'already-ended', sessionId: session.id }
  let tree: TreeDecision
  if (!session.ownsWorktree) tree = keptFor(session, 'not-ours', 'the tree was not made for this session')
  else if (input.keep === true) tree = keptFor(session, 'keep', 'kept as asked')
  else tree = await takeTree(deps, session)
  return { outcome: 'ended', sessionId: session.id, name: session.name, tree }
}
