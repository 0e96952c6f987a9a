import { basename } from 'node:path'
import type { ProcessKey, SessionRecord, SessionWrites } from '@pcc/store/hot'
import { headBranch, locateRepo, type RepoLocation } from '@pcc/worktree/locate'
import type { HotDeps } from '../hot-coordinator.js'
import { isAlive } from '../liveness.js'
import { type RepoKey, repoKey, repoRow } from '../repo-key.js'
import { ancestry } from '../runtime.js'

export interface RegisterInput {
  /** The agent's process. */
  pid: number
  directory: string
  /** The agent's own name for its conversation, which changes under the process (`/clear`, `--resume`). */
  agentSessionId: string | null
  /** What the person called it, if anything. */
  title?: string | undefined
}

export type RegisterResult =
  | { outcome: 'outside' }
  | { outcome: 'no-process' }
  | { outcome: 'registered'; session: SessionRecord; isNew: boolean; others: SessionRecord[] }

interface Registration {
  deps: HotDeps
  input: RegisterInput
  key: RepoKey
  location: RepoLocation & { topLevel: string }
  /** The agent's process first, then its ancestors. */
  chain: ProcessKey[]
}

type TreeField = 'worktreePath' | 'worktreeName' | 'branch' | 'isMainRepo'

function sameProcess(row: SessionRecord, key: ProcessKey): boolean {
  return row.pid === key.pid && (row.processStart === null || row.processStart === key.processStart)
}

function newSession(
  registration: Registration,
  repoId: string,
  taken: readonly SessionRecord[],
): SessionRecord {
  const { deps, input, chain } = registration
  const now = deps.runtime.now()
  const title = input.title?.trim()
  const free = title !== undefined && title !== '' && !taken.some((row) => row.name === title)
  return {
    ...(chain[0] as ProcessKey),
    id: deps.runtime.newId(),
    repoId,
    name: free ? title : null,
    agentSessionId: input.agentSessionId,
    ...treeFields(registration),
    base: null,
    ownsWorktree: false,
    startedAt: now,
    lastHeartbeat: now,
    endedAt: null,
    endReason: null,
    executionMode: 'local',
    sandboxId: null,
    prompt: null,
    status: 'active',
    outputLog: null,
    origin: 'hook',
  }
}

function treeFields({ location }: Registration): Pick<SessionRecord, TreeField> {
  return {
    worktreePath: location.topLevel,
    worktreeName: location.isMain ? null : basename(location.topLevel),
    branch: headBranch(location.gitDir),
    isMainRepo: location.isMain,
  }
}

/** The agent may begin in another tree than it was launched in (`--worktree`). A tree that was made for it stays its session's. */
function movesTo(registration: Registration, known: SessionRecord, repoId: string): Partial<SessionRecord> {
  const isFirstReport = known.agentSessionId === null && known.pid === registration.chain[0]?.pid
  const isFree = !known.ownsWorktree && known.repoId === repoId
  const isElsewhere = known.worktreePath !== registration.location.topLevel
  return isFirstReport && isFree && isElsewhere ? treeFields(registration) : {}
}

/**
 * The session that this agent process already is. Its own row; or that of the nearest session above it, when no agent has joined that:
 * a row that `start` launched (a launcher of the agent stood in for it) becomes the agent's process, that of a shell is only joined.
 */
function knownSession(registration: Registration, rows: readonly SessionRecord[]): SessionRecord | undefined {
  const { chain, deps, input } = registration
  const own = rows.find((row) => sameProcess(row, chain[0] as ProcessKey))
  if (own !== undefined) return own
  for (const key of chain.slice(1)) {
    const above = rows.find((row) => sameProcess(row, key))
    if (above === undefined) continue
    if (above.origin !== 'start') return undefined
    const free = above.agentSessionId === null
    if (above.id === deps.env['PARALLEL_CC_SESSION_ID']) {
      return free ? { ...above, ...(chain[0] as ProcessKey) } : undefined
    }
    const joined = free || above.agentSessionId === input.agentSessionId
    return joined && above.worktreePath === registration.location.topLevel ? above : undefined
  }
  return undefined
}

async function register(
  registration: Registration,
  tx: SessionWrites,
): Promise<[SessionRecord, boolean, SessionRecord[]]> {
  const { deps, input, chain } = registration
  const known = await tx.repoByKey(registration.key)
  const repo = known ?? (await tx.ensureRepo(repoRow(deps.runtime, registration.key)))
  const rows = await tx.sessionsByPids(
    deps.runtime.host,
    chain.map((key) => key.pid),
  )
  const open = await tx.openSessions(repo.id)
  const before = knownSession(registration, rows)
  if (before === undefined) {
    const session = newSession(registration, repo.id, open)
    await tx.insertSession(session)
    return [session, true, open]
  }
  const patch = {
    ...movesTo(registration, before, repo.id),
    pid: before.pid,
    processStart: before.processStart,
    agentSessionId: input.agentSessionId,
    lastHeartbeat: deps.runtime.now(),
    status: 'active' as const,
  }
  await tx.updateSession(before.id, patch)
  return [{ ...before, ...patch }, false, open]
}

/**
 * Registers the agent process that reports itself, also when nobody started it through us. One process is one session: reporting again
 * (`/clear`, `/resume`) keeps it. A session elsewhere in the ancestry (an agent started by an agent) is another session.
 */
export async function registerSession(deps: HotDeps, input: RegisterInput): Promise<RegisterResult> {
  const location = locateRepo(input.directory)
  if (location === null || location.topLevel === null) return { outcome: 'outside' }
  const chain = ancestry(deps.runtime, input.pid)
  if (chain.length === 0) return { outcome: 'no-process' }
  const registration: Registration = {
    deps,
    input,
    key: repoKey(deps.runtime, location.commonDir),
    location: { ...location, topLevel: location.topLevel },
    chain,
  }
  const [session, isNew, open] = await deps.store.write(registration.key.commonDir, (tx) =>
    register(registration, tx),
  )
  const others = open.filter((row) => row.id !== session.id && isAlive(deps.runtime, row))
  return { outcome: 'registered', session, isNew, others }
}
