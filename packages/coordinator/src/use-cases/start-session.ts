import { basename } from 'node:path'
import type { ProcessKey, SessionRecord } from '@pcc/store'
import { checkName, openRepo, type Repo, resolveObject, WorktreeError } from '@pcc/worktree'
import { headBranch } from '@pcc/worktree/locate'
import type { Deps } from '../deps.js'
import { CoordinatorError } from '../errors.js'
import { faultPoint } from '../fault.js'
import { processKey } from '../runtime.js'
import { activate } from '../steps/activate.js'
import { closeSession } from '../steps/close-session.js'
import { makeTree } from '../steps/make-tree.js'
import { removeOwnTree } from '../steps/own-tree.js'
import { repair } from '../steps/repair.js'
import { sessionsOf } from '../steps/repo-row.js'
import { type Isolation, reserve } from '../steps/reserve.js'

export interface StartInput {
  directory: string
  name?: string
  /** What the new branch begins at. @default the HEAD of the checkout that is started in */
  base?: string
  /** @default 'auto' */
  isolation?: Isolation
  /** The process that is to be the session. Without it the session stays `starting` until `attachAgent` names one. */
  pid?: number
  /** The process that asks; while it lives, an unfinished start is its own. */
  ownerPid: number
}

/** A session as `start` tells it. */
export interface StartedSession {
  sessionId: string
  name: string | null
  worktreePath: string
  worktreeName: string | null
  branch: string | null
  base: string | null
  isMainRepo: boolean
  isNew: boolean
  parallelSessions: number
}

function requireProcess(deps: Deps, pid: number): ProcessKey {
  const key = processKey(deps.runtime, pid)
  if (key !== null) return key
  throw new CoordinatorError('COORDINATOR_NO_PROCESS', `there is no process ${pid}`, {
    hint: 'Give the pid of a running process with --pid.',
    data: { pid },
  })
}

async function baseOf(repo: Repo, input: StartInput): Promise<string | null> {
  if (input.base !== undefined) return resolveObject(input.directory, input.base)
  return repo.hasCommits ? resolveObject(repo.topLevel ?? repo.commonDir, 'HEAD') : null
}

async function describe(
  deps: Deps,
  repo: Repo,
  { session, isNew }: { session: SessionRecord; isNew: boolean },
): Promise<StartedSession> {
  return {
    sessionId: session.id,
    name: session.name,
    worktreePath: session.worktreePath,
    worktreeName: session.worktreeName,
    branch: session.branch,
    base: session.base,
    isMainRepo: session.isMainRepo,
    isNew,
    parallelSessions: (await sessionsOf(deps, repo)).length,
  }
}

async function ownTree(deps: Deps, repo: Repo, session: SessionRecord): Promise<SessionRecord> {
  if (session.base === null) {
    throw new WorktreeError(
      'WORKTREE_NO_COMMITS',
      `${repo.commonDir} has no commit to make a worktree from`,
      {
        hint: 'Make a first commit, or work in the checkout itself with --isolation never.',
      },
    )
  }
  const tree = await makeTree(deps, {
    repo,
    name: basename(session.worktreePath),
    base: session.base,
    id: session.id,
  })
  const made = { ...session, worktreePath: tree.path, worktreeName: basename(tree.path), branch: tree.branch }
  await deps.store.worktrees.insert({
    id: session.id,
    repoId: session.repoId,
    sessionId: session.id,
    path: tree.path,
    branch: tree.branch,
    base: session.base,
    createdAt: deps.runtime.now(),
    removedAt: null,
  })
  return made
}

/** Undoes what this start made: its reservation and, through the gate, its tree. */
async function undo(deps: Deps, repo: Repo, session: SessionRecord): Promise<void> {
  const ending = { session, endReason: 'start-failed' }
  await deps.store.write(session.repoId, (tx) => closeSession(tx, deps.runtime, ending))
  if (session.ownsWorktree) await removeOwnTree(deps, repo, session)
}

/**
 * Registers a session and gives it its tree: the first live session of a repo has the checkout it was started in, each later one a fresh
 * linked worktree. When the tree cannot be made there is no session and nothing is left behind; never does it fall back to a shared tree.
 *
 * @throws CoordinatorError, WorktreeError, StoreError with their codes.
 */
export async function startSession(deps: Deps, input: StartInput): Promise<StartedSession> {
  const name = input.name === undefined ? null : checkName(input.name)
  const repo = await openRepo(input.directory)
  const owner = requireProcess(deps, input.ownerPid)
  const agent = input.pid === undefined ? null : requireProcess(deps, input.pid)
  const base = await baseOf(repo, input)
  await repair(deps, repo)
  const isolation = input.isolation ?? 'auto'
  const reservation = await reserve(deps, { repo, name, base, isolation, owner, agent })
  if (reservation.outcome === 'known')
    return describe(deps, repo, { session: reservation.session, isNew: false })

  let session = reservation.session
  try {
    session = reservation.isolated
      ? await ownTree(deps, repo, session)
      : { ...session, branch: headBranch(repo.gitDir) }
    faultPoint('start:tree-made')
    const { worktreePath, worktreeName, branch } = session
    const patch = { worktreePath, worktreeName, branch }
    if (agent === null) {
      await deps.store.write(session.repoId, (tx) => tx.updateSession(session.id, patch))
      return await describe(deps, repo, { session: session, isNew: true })
    }
    const activation = await activate(deps, session, { agent, patch })
    faultPoint('start:active')
    if (activation.outcome === 'active')
      return await describe(deps, repo, { session: activation.session, isNew: true })
    await undo(deps, repo, session)
    return await describe(deps, repo, { session: activation.session, isNew: false })
  } catch (error) {
    try {
      await undo(deps, repo, session)
    } catch {
      // why the start failed is what counts; what could not be undone is void, and the next command takes it away
    }
    throw error
  }
}
