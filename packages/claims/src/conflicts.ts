import type { ClaimMode, ClaimRecord, IsoTime } from '@pcc/store/hot'
import { type Clash, clashOf } from './compatibility.js'
import { pathsMeet } from './patterns.js'

/** A path or glob that a session wants, and what for. */
export interface AskedPath {
  path: string
  isGlob: boolean
  mode: ClaimMode | 'edit'
}

/** Another session's claim that stands in the way of what was asked. */
export interface Conflict {
  /** As it was asked. */
  path: string
  by: ClaimRecord
  clash: Exclude<Clash, 'none'>
}

/** True when the claim's time has passed. */
export function isExpired(claim: Pick<ClaimRecord, 'expiresAt'>, now: IsoTime): boolean {
  return claim.expiresAt !== null && claim.expiresAt <= now
}

/** What stands in the way, for every asked path in its order: claims of others that have not expired and that meet it. */
export function findConflicts(input: {
  held: readonly ClaimRecord[]
  asked: readonly AskedPath[]
  sessionId: string
  now: IsoTime
}): Conflict[] {
  const others = input.held.filter(
    (claim) => claim.sessionId !== input.sessionId && !isExpired(claim, input.now),
  )
  return input.asked.flatMap((asked) =>
    others.flatMap((by) => {
      const clash = clashOf(by.mode, asked.mode)
      return clash === 'none' || !pathsMeet(by, asked) ? [] : [{ path: asked.path, by, clash }]
    }),
  )
}
