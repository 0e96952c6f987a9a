import type { SessionCounts } from '../records.js'

/** How often a session is named. Sessions without any are missing. */
export interface CountRow {
  session_id: string
  n: number
}

/** Puts the two counts together: one entry for every id, with zeros where there is nothing. */
export function joinCounts(
  sessionIds: readonly string[],
  claims: readonly CountRow[],
  unread: readonly CountRow[],
): Map<string, SessionCounts> {
  const counts = new Map<string, SessionCounts>()
  for (const id of sessionIds) counts.set(id, { claims: 0, unreadMessages: 0 })
  for (const row of claims) counts.get(row.session_id)!.claims = row.n
  for (const row of unread) counts.get(row.session_id)!.unreadMessages = row.n
  return counts
}
