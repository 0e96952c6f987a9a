import type { SessionRecord } from '@pcc/store'
import { openRepo } from '@pcc/worktree'
import { findCaller } from '../caller.js'
import type { Deps } from '../deps.js'
import { CoordinatorError } from '../errors.js'
import { faultPoint } from '../fault.js'
import { resolveSession } from '../session-ref.js'
import { closeSession } from '../steps/close-session.js'
import { openBench } from '../steps/judge.js'
import { removeTree, type TreeDecision } from '../steps/remove-tree.js'
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
  const caller = { pid: input.pid, env: deps.env, ...callerTree(place) }
  const session = await findCaller({ runtime, read: store.read }, caller)
  if (session !== undefined) return session
  throw new CoordinatorError('COORDINATOR_NO_SESSION', `no session is calling from ${input.directory}`, {
    hint: 'Name the session: parallel-cc stop SESSION. parallel-cc status --all lists them.',
  })
}

function notOurs(session: SessionRecord, why: string, detail: string): TreeDecision {
  const { worktreePath: path, branch } = session
  return { path, branch, action: 'kept', reasons: [why], details: [detail], rescueRef: null, removalId: null }
}

async function removeOwnTree(deps: Deps, session: SessionRecord): Promise<TreeDecision> {
  const repo = await openRepo(session.worktreePath)
  // git is asked from the common directory from here on, since the tree itself goes
  await repair(deps, repo)
  return removeTree(deps, await openBench(deps, repo), { path: session.worktreePath })
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
  if (!session.ownsWorktree) tree = notOurs(session, 'not-ours', 'the tree was not made for this session')
  else if (input.keep === true) tree = notOurs(session, 'keep', 'kept as asked')
  else tree = await removeOwnTree(deps, session)
  return { outcome: 'ended', sessionId: session.id, name: session.name, tree }
}
