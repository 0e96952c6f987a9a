import { basename, dirname } from 'node:path'
import type { SessionRecord } from '@pcc/store/hot'
import { WorktreeError } from '@pcc/worktree'
import { headBranch, locateRepo } from '@pcc/worktree/locate'
import type { ViewDeps } from '../hot-coordinator.js'
import { isAlive } from '../liveness.js'
import { treeOf } from '../tree-of.js'

export interface StatusInput {
  directory: string
  /** Sessions of every repo. */
  all?: boolean
  /** Only sessions that run in a sandbox. */
  sandboxOnly?: boolean
}

/** A session as `status` tells it. */
export interface SessionStatusRow {
  sessionId: string
  name: string | null
  pid: number
  host: string
  worktreePath: string
  worktreeName: string | null
  branch: string | null
  isMainRepo: boolean
  startedAt: string
  lastHeartbeat: string
  durationMinutes: number
  isAlive: boolean
  executionMode: string
  status: string
  claims: number
  unreadMessages: number
}

export interface StatusResult {
  /** The main working tree, or the bare repository; `null` with `all`. */
  repoPath: string | null
  totalSessions: number
  sessions: SessionStatusRow[]
}

function currentBranch(session: SessionRecord, local: boolean): string | null {
  const location = local ? locateRepo(session.worktreePath) : null
  // the branch of a parent repository would be the wrong answer when the tree itself is gone
  return location?.topLevel === session.worktreePath ? headBranch(location.gitDir) : session.branch
}

async function rowsOf(deps: ViewDeps, sessions: readonly SessionRecord[]): Promise<SessionStatusRow[]> {
  const now = deps.runtime.now()
  const counts = await deps.store.countsOf(
    sessions.map((session) => session.id),
    now,
  )
  return sessions.map((session) => ({
    sessionId: session.id,
    name: session.name,
    pid: session.pid,
    host: session.host,
    worktreePath: session.worktreePath,
    worktreeName: session.worktreeName,
    branch: currentBranch(session, session.host === deps.runtime.host),
    isMainRepo: session.isMainRepo,
    startedAt: session.startedAt,
    lastHeartbeat: session.lastHeartbeat,
    durationMinutes: Math.max(0, Math.floor((Date.parse(now) - Date.parse(session.startedAt)) / 60_000)),
    isAlive: isAlive(deps.runtime, session, deps.config['session.staleMinutes']),
    executionMode: session.executionMode,
    status: session.status,
    claims: counts.get(session.id)?.claims ?? 0,
    unreadMessages: counts.get(session.id)?.unreadMessages ?? 0,
  }))
}

/** Folder that a person calls "the repository": around `.git`, or the bare repository itself. */
function repoFolder(commonDir: string): string {
  return basename(commonDir) === '.git' ? dirname(commonDir) : commonDir
}

/**
 * The sessions of a repo that have not ended, dead ones included until they are cleaned up. Starts no process and changes nothing.
 *
 * @throws WorktreeError `WORKTREE_NOT_A_REPO`.
 */
export async function status(deps: ViewDeps, input: StatusInput): Promise<StatusResult> {
  const { read } = deps.store
  let sessions: SessionRecord[]
  let repoPath: string | null = null
  if (input.all === true) {
    sessions = await read.allOpenSessions()
  } else {
    const place = await treeOf({ runtime: deps.runtime, read }, input.directory)
    if (place === null) {
      throw new WorktreeError('WORKTREE_NOT_A_REPO', `${input.directory} is not in a git repository`, {
        hint: 'Change into one, name one with --repo, or show all sessions with --all.',
      })
    }
    sessions = place.repoId === undefined ? [] : await read.openSessions(place.repoId)
    repoPath = repoFolder(place.location.commonDir)
  }
  if (input.sandboxOnly === true) sessions = sessions.filter((session) => session.executionMode !== 'local')
  return { repoPath, totalSessions: sessions.length, sessions: await rowsOf(deps, sessions) }
}
