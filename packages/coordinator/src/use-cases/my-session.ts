import { headBranch, locateRepo } from '@pcc/worktree/locate'
import { type CallerTree, findCaller } from '../caller.js'
import type { HotDeps } from '../hot-coordinator.js'
import { callerTree, treeOf } from '../tree-of.js'

export interface MySessionInput {
  /** Where the asker stands; it counts only when no process above it is a session's. */
  directory: string
  /** The asking process. */
  pid: number
}

/** The calling session as it sees itself. */
export interface MySession {
  sessionId: string
  name: string | null
  pid: number
  worktreePath: string
  worktreeName: string | null
  branch: string | null
  isMainRepo: boolean
  startedAt: string
  /** Sessions of the repo that have not ended, this one included. */
  parallelSessions: number
  claims: number
  unreadMessages: number
}

/**
 * Which session is calling; `null` when none is. Starts no process and changes nothing.
 *
 * @throws CoordinatorError `COORDINATOR_AMBIGUOUS_SESSION`.
 */
export async function mySession(
  deps: Pick<HotDeps, 'runtime' | 'store' | 'env'>,
  input: MySessionInput,
): Promise<MySession | null> {
  const { runtime, store, env } = deps
  const tree = async (): Promise<CallerTree | undefined> =>
    callerTree(await treeOf({ runtime, read: store.read }, input.directory))
  const session = await findCaller({ runtime, read: store.read }, { pid: input.pid, env, tree })
  if (session === undefined) return null
  const open = await store.read.openSessions(session.repoId)
  const counts = (await store.countsOf([session.id], runtime.now())).get(session.id)
  const location = locateRepo(session.worktreePath)
  const here = location?.topLevel === session.worktreePath
  return {
    sessionId: session.id,
    name: session.name,
    pid: session.pid,
    worktreePath: session.worktreePath,
    worktreeName: session.worktreeName,
    branch: here ? headBranch(location.gitDir) : session.branch,
    isMainRepo: session.isMainRepo,
    startedAt: session.startedAt,
    parallelSessions: open.length,
    claims: counts?.claims ?? 0,
    unreadMessages: counts?.unreadMessages ?? 0,
  }
}
