import type { ClaimMode, ClaimReads, ClaimRecord, ClaimSource, ClaimWrites, IsoTime } from '@pcc/store/hot'
import { type AskedPath, type Conflict, findConflicts, isExpired } from './conflicts.js'
import { pathsMeet, prefixesOf } from './patterns.js'

export interface AskedClaim {
  path: string
  isGlob: boolean
  mode: ClaimMode
}

export interface ClaimAsk {
  repoId: string
  sessionId: string
  asked: readonly AskedClaim[]
  /** How long it is to hold, in milliseconds; `null`: until it is released or its session ends. */
  ttlMs: number | null
  reason: string | null
  source: ClaimSource
  now: IsoTime
}

export interface Taken {
  /** Empty when anything is held: all or nothing. */
  granted: ClaimRecord[]
  held: Conflict[]
  /** Claims of others that were met, had expired and are removed. */
  expired: ClaimRecord[]
}

/** The claims that can meet these paths: globs, those on the same path, and for a glob those below the folder it begins with. */
export function claimsNear(
  read: ClaimReads,
  repoId: string,
  asked: readonly Pick<AskedPath, 'path' | 'isGlob'>[],
): Promise<ClaimRecord[]> {
  const [globs, paths] = [asked.filter((one) => one.isGlob), asked.filter((one) => !one.isGlob)]
  return read.claimsMeeting(
    repoId,
    paths.map((one) => one.path),
    globs.flatMap((one) => prefixesOf(one.path)),
  )
}

/**
 * Takes claims, all or none, inside a write transaction. A session's own claim on the same path is renewed: its time only grows, it
 * stays exclusive, and an edit changes nothing else about a claim that was asked for.
 */
export async function takeClaims(tx: ClaimWrites, ask: ClaimAsk): Promise<Taken> {
  const near = await claimsNear(tx, ask.repoId, ask.asked)
  const expired = near.filter(
    (claim) =>
      claim.sessionId !== ask.sessionId &&
      isExpired(claim, ask.now) &&
      ask.asked.some((asked) => pathsMeet(claim, asked)),
  )
  for (const claim of expired) await tx.deleteClaims(claim.sessionId, [claim.path])
  const held = findConflicts({ held: near, asked: ask.asked, sessionId: ask.sessionId, now: ask.now })
  if (held.length > 0) return { granted: [], held, expired }

  const mine = near.filter((claim) => claim.sessionId === ask.sessionId && !isExpired(claim, ask.now))
  const granted = strongest(ask.asked).map((asked) =>
    renewed(
      mine.find((claim) => claim.path === asked.path),
      newClaim(ask, asked),
    ),
  )
  for (const claim of granted) await tx.putClaim(claim)
  return { granted, held: [], expired }
}

/** Each path once, exclusive if it was asked for so at all. */
function strongest(asked: readonly AskedClaim[]): AskedClaim[] {
  const byPath = new Map<string, AskedClaim>()
  for (const one of asked) {
    if (one.mode === 'exclusive' || !byPath.has(one.path)) byPath.set(one.path, one)
  }
  return [...byPath.values()]
}

function newClaim(ask: ClaimAsk, asked: AskedClaim): ClaimRecord {
  return {
    sessionId: ask.sessionId,
    repoId: ask.repoId,
    path: asked.path,
    isGlob: asked.isGlob,
    mode: asked.mode,
    source: ask.source,
    reason: ask.reason,
    claimedAt: ask.now,
    expiresAt: ask.ttlMs === null ? null : new Date(Date.parse(ask.now) + ask.ttlMs).toISOString(),
  }
}

function renewed(before: ClaimRecord | undefined, next: ClaimRecord): ClaimRecord {
  if (before === undefined) return next
  return {
    ...next,
    mode: before.mode === 'exclusive' ? 'exclusive' : next.mode,
    source: before.source === 'manual' ? 'manual' : next.source,
    reason: next.source === 'edit' ? before.reason : (next.reason ?? before.reason),
    claimedAt: before.claimedAt,
    expiresAt: later(before.expiresAt, next.expiresAt),
  }
}

function later(a: IsoTime | null, b: IsoTime | null): IsoTime | null {
  if (a === null || b === null) return null
  return a > b ? a : b
}
