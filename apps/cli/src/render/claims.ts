import type { ClaimView, HeldPath } from '@pcc/coordinator/hot'
import type { Io } from '../io.js'
import { printable, table } from './table.js'

function who(claim: ClaimView): string {
  const { claimedBy, sessionId } = claim
  return claimedBy === sessionId ? sessionId : `${claimedBy} (${sessionId})`
}

function until(expiresAt: string | null): string {
  return expiresAt ?? 'released'
}

/** The claims as a person reads them. */
export function renderClaims(io: Io, claims: readonly ClaimView[]): string {
  if (claims.length === 0) return 'No claims.'
  const rows = claims.map((claim) => [
    claim.path,
    claim.mode,
    who(claim),
    claim.claimedAt,
    until(claim.expiresAt),
    claim.source,
    claim.reason ?? '-',
  ])
  return table(io, ['PATH', 'MODE', 'SESSION', 'SINCE', 'UNTIL', 'BY', 'REASON'], rows)
}

/** What stands in the way, a line for each claim: who, since when, until when and why. */
export function renderHeld(held: readonly HeldPath[]): string {
  return held.map(heldLine).join('\n')
}

function heldLine({ path, by }: HeldPath): string {
  const as = by.path === path ? '' : ` as ${by.path}`
  const why = by.reason === null ? '' : `: ${by.reason}`
  const line = `${path} is held${as} by ${who(by)}, ${by.mode}, since ${by.claimedAt} until ${until(by.expiresAt)}${why}`
  return printable(line)
}

/** What was granted, a line for each. */
export function renderGranted(granted: readonly ClaimView[]): string {
  return granted
    .map((claim) => printable(`claimed ${claim.path}, ${claim.mode}, until ${until(claim.expiresAt)}`))
    .join('\n')
}

/** What dead sessions left, a line for each. */
export function renderLeftByCrash(claims: readonly ClaimView[]): string[] {
  return claims.map((claim) =>
    printable(`freed ${claim.path}: left by a crash of ${who(claim)}, which claimed it ${claim.claimedAt}`),
  )
}
