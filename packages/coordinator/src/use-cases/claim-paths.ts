import { type AskedClaim, parseClaimPath, type Taken, takeClaims } from '@pcc/claims'
import type { ClaimMode, ClaimRecord, SessionRecord } from '@pcc/store/hot'
import { type Asking, claimingSession } from '../asking-session.js'
import { loadConfig } from '../config/load.js'
import type { Config } from '../config/schema.js'
import { CoordinatorError } from '../errors.js'
import type { HotDeps } from '../hot-coordinator.js'
import { placeOf } from '../place.js'
import { claimPlace } from '../steps/claim-place.js'
import { type ClaimView, claimViews, type HeldPath, heldPaths } from '../steps/claim-view.js'
import { deadHolders, freeClaimsOf } from '../steps/dead-holders.js'
import { tellExpired } from '../steps/tell-expired.js'

export interface ClaimDeps extends HotDeps {
  /** @default as it stands in the user's file when it is needed */
  config?: Pick<Config, 'claims.ttlMinutes'>
}

export interface ClaimInput extends Asking {
  /** Files, folders and globs, relative to `directory`. */
  paths: readonly string[]
  /** @default 'advisory' */
  mode?: ClaimMode
  /** In milliseconds; `null`: until released. @default the setting `claims.ttlMinutes` */
  ttlMs?: number | null
  reason?: string
  /** Takes a glob that means every file. */
  force?: boolean
}

export type ClaimResult =
  | {
      outcome: 'granted'
      granted: ClaimView[]
      /** Claims that were in the way and whose sessions had died. */
      leftByCrash: ClaimView[]
    }
  | { outcome: 'held'; held: HeldPath[] }

const MAX_PATHS = 1_000
const MAX_REASON = 500
const MAX_TTL_MS = 366 * 24 * 60 * 60_000

function badInput(message: string, hint: string): CoordinatorError {
  return new CoordinatorError('COORDINATOR_BAD_INPUT', message, { hint })
}

function ttlOf(deps: ClaimDeps, asked: number | null | undefined): number | null {
  if (asked === null) return null
  if (asked === undefined) {
    const config = deps.config ?? loadConfig(placeOf(deps.env).configFile).values
    const minutes = config['claims.ttlMinutes']
    return minutes === 0 ? null : Math.min(minutes * 60_000, MAX_TTL_MS)
  }
  if (asked > 0 && asked <= MAX_TTL_MS) return asked
  throw badInput(`${asked} ms is no time that a claim can hold`, 'Give more than nothing and at most a year.')
}

function check(input: ClaimInput): void {
  const { length } = input.paths
  if (length === 0 || length > MAX_PATHS) {
    throw badInput(`${length} paths cannot be claimed at once`, `Name 1 to ${MAX_PATHS}; a folder is one.`)
  }
  if ((input.reason?.length ?? 0) > MAX_REASON) {
    throw badInput('the reason is too long', `Say it in ${MAX_REASON} characters.`)
  }
}

interface Attempt extends Taken {
  leftByCrash: ClaimRecord[]
}

/** Holders that have died are no obstacle: when something is held, they are looked at, and it is tried again without the dead. */
async function take(
  deps: HotDeps,
  session: SessionRecord,
  ask: Omit<Parameters<typeof takeClaims>[1], 'now'>,
): Promise<Attempt> {
  const { runtime, store } = deps
  const leftByCrash: ClaimRecord[] = []
  const seen = new Set<string>()
  let dead: SessionRecord[] = []
  for (;;) {
    const taken = await store.write(ask.repoId, async (tx) => {
      const now = await tx.sessionById(session.id)
      if (now === undefined || now.endedAt !== null) return null
      const freed = await freeClaimsOf(tx, dead)
      const result = await takeClaims(tx, { ...ask, now: runtime.now() })
      await tellExpired(tx, runtime, result.expired)
      return { ...result, freed }
    })
    if (taken === null) {
      throw new CoordinatorError('COORDINATOR_NO_SESSION', `session ${session.id} has ended`, {
        hint: 'Start it again.',
      })
    }
    leftByCrash.push(...taken.freed)
    const unseen = taken.held.filter((conflict) => !seen.has(conflict.by.sessionId))
    for (const { by } of unseen) seen.add(by.sessionId)
    dead = await deadHolders({ runtime, read: store.read }, unseen)
    if (dead.length === 0) return { ...taken, leftByCrash }
  }
}

/**
 * Takes claims for a session, all or none; what it holds already is renewed. Of sessions that ask at once for what cannot be shared,
 * one gets it and the others are told who.
 *
 * @throws CoordinatorError `COORDINATOR_NO_SESSION`, `COORDINATOR_AMBIGUOUS_SESSION`, `COORDINATOR_BAD_INPUT`; ClaimsError with its
 * codes; WorktreeError `WORKTREE_NOT_A_REPO`.
 */
export async function claimPaths(deps: ClaimDeps, input: ClaimInput): Promise<ClaimResult> {
  check(input)
  const session = await claimingSession(deps, input)
  const { trees } = await claimPlace(deps, input.directory, session)
  const mode = input.mode ?? 'advisory'
  const asked = input.paths.map((text): AskedClaim => {
    const path = parseClaimPath({ text, cwd: input.directory, trees, force: input.force === true })
    return { ...path, mode }
  })
  const result = await take(deps, session, {
    repoId: session.repoId,
    sessionId: session.id,
    asked,
    ttlMs: ttlOf(deps, input.ttlMs),
    reason: input.reason ?? null,
    source: 'manual',
  })
  const { read } = deps.store
  if (result.held.length > 0) return { outcome: 'held', held: await heldPaths(read, result.held) }
  return {
    outcome: 'granted',
    granted: await claimViews(read, result.granted),
    leftByCrash: await claimViews(read, result.leftByCrash),
  }
}
