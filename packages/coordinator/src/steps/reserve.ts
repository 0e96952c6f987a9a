import { basename, join } from 'node:path'
import type { ProcessKey, SessionRecord, SessionWrites } from '@pcc/store'
import { type Repo, slugOf, worktreesDirOf } from '@pcc/worktree'
import type { Deps } from '../deps.js'
import { CoordinatorError } from '../errors.js'
import { faultPoint } from '../fault.js'
import { repoKey, repoRow } from '../repo-key.js'
import { sessionsOf } from './repo-row.js'

export type Isolation = 'auto' | 'always' | 'never'

export interface ReserveInput {
  repo: Repo
  name: string | null
  base: string | null
  isolation: Isolation
  /** The process that makes the session; when it dies before the session is active, the reservation is void. */
  owner: ProcessKey
  /** The process that is to be the session, when it exists already. */
  agent: ProcessKey | null
}

export type Reservation =
  | { outcome: 'known'; session: SessionRecord }
  | { outcome: 'reserved'; session: SessionRecord; isolated: boolean }

function nameTaken(name: string, by: SessionRecord): CoordinatorError {
  return new CoordinatorError(
    'COORDINATOR_NAME_TAKEN',
    `a session named '${name}' is there already (${by.id}, pid ${by.pid})`,
    {
      hint: 'Choose another --name, or end that one with parallel-cc stop.',
      data: { name, sessionId: by.id },
    },
  )
}

function wantsTree(input: ReserveInput, live: readonly SessionRecord[]): boolean {
  if (input.isolation === 'always' || input.repo.topLevel === null) return true
  return input.isolation === 'auto' && live.length > 0
}

function draft(deps: Deps, input: ReserveInput, isolated: boolean): Omit<SessionRecord, 'repoId'> {
  const { repo, owner } = input
  const id = deps.runtime.newId()
  const now = deps.runtime.now()
  const slug = (input.name === null ? null : slugOf(input.name)) ?? `parallel-${id}`
  const path = isolated
    ? join(worktreesDirOf(repo, deps.config['worktree.dir'] ?? undefined), slug)
    : (repo.topLevel as string)
  return {
    ...owner,
    id,
    name: input.name,
    agentSessionId: null,
    worktreePath: path,
    worktreeName: isolated || !repo.isMain ? basename(path) : null,
    branch: isolated ? slug : null,
    base: input.base,
    isMainRepo: !isolated && repo.isMain,
    ownsWorktree: isolated,
    startedAt: now,
    lastHeartbeat: now,
    endedAt: null,
    endReason: null,
    executionMode: 'local',
    sandboxId: null,
    prompt: null,
    status: 'starting',
    outputLog: null,
    origin: 'start',
  }
}

/** The session that a process already is, if it is one. */
export async function sessionOfProcess(
  read: Pick<SessionWrites, 'sessionsByPids'>,
  key: ProcessKey,
): Promise<SessionRecord | undefined> {
  const rows = await read.sessionsByPids(key.host, [key.pid])
  return rows.find((row) => row.processStart === null || row.processStart === key.processStart)
}

/**
 * Reserves the session in one transaction: of many that start at once exactly one finds no live session before it, and gets the checkout.
 * What lives is looked up before; whoever is inserted meanwhile counts as living.
 *
 * @throws CoordinatorError `COORDINATOR_NAME_TAKEN`.
 */
export async function reserve(deps: Deps, input: ReserveInput): Promise<Reservation> {
  const seen = await sessionsOf(deps, input.repo)
  const dead = new Set(seen.filter((row) => !row.alive).map((row) => row.session.id))
  const key = repoKey(deps.runtime, input.repo.commonDir)
  faultPoint('start:reserving')
  const reservation = await deps.store.write<Reservation>(key.commonDir, async (tx) => {
    const repo = await tx.ensureRepo(repoRow(deps.runtime, key))
    const known = input.agent === null ? undefined : await sessionOfProcess(tx, input.agent)
    if (known !== undefined) return { outcome: 'known', session: known }
    const live = (await tx.openSessions(repo.id)).filter((row) => !dead.has(row.id))
    const namesake = input.name === null ? undefined : live.find((row) => row.name === input.name)
    if (namesake !== undefined) throw nameTaken(input.name as string, namesake)
    const isolated = wantsTree(input, live)
    const session = { ...draft(deps, input, isolated), repoId: repo.id }
    await tx.insertSession(session)
    return { outcome: 'reserved', session, isolated }
  })
  faultPoint('start:reserved')
  return reservation
}
