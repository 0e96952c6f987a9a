import type { Conflict } from '@pcc/claims'
import type { ClaimRecord, SessionRecord } from '@pcc/store/hot'
import { ignoredFiles, unlandedFiles, WorktreeError } from '@pcc/worktree'
import type { HotDeps } from '../hot-coordinator.js'
import type { OwnTarget } from './edit-place.js'

/** The claim comes before the edit, and a person may take a while to allow that. */
const GRACE_MS = 120_000

interface Bench {
  session: SessionRecord
  own: readonly OwnTarget[]
  holders: ReadonlyMap<string, SessionRecord | undefined>
}

/** A tree that git cannot look into tells nothing: then the claim stands. */
async function lookedUp(
  look: () => Promise<string[]>,
  otherwise: readonly string[],
): Promise<ReadonlySet<string>> {
  try {
    return new Set(await look())
  } catch (error) {
    if (error instanceof WorktreeError) return new Set(otherwise)
    throw error
  }
}

/** Claims made by edits whose change is no longer there, or has landed. They are released. */
async function released(
  deps: HotDeps,
  holder: SessionRecord,
  claims: readonly ClaimRecord[],
): Promise<string[]> {
  const before = Date.parse(deps.runtime.now()) - GRACE_MS
  const paths = claims.filter((claim) => Date.parse(claim.claimedAt) <= before).map((claim) => claim.path)
  if (paths.length === 0 || holder.host !== deps.runtime.host) return []
  const open = await lookedUp(() => unlandedFiles(holder.worktreePath, paths), paths)
  const settled = paths.filter((path) => !open.has(path))
  if (settled.length === 0) return []
  await deps.store.write(holder.repoId, async (tx) => {
    const now = await tx.claimsMeeting(holder.repoId, settled)
    // one that was renewed by hand meanwhile is meant
    const still = now.filter(
      (claim) => claim.sessionId === holder.id && claim.source === 'edit' && settled.includes(claim.path),
    )
    await tx.deleteClaims(
      holder.id,
      still.map((claim) => claim.path),
    )
  })
  return settled
}

/**
 * Takes out what is no conflict any more: edits of others that are gone or have landed, whose claims end by this, and files that git
 * ignores here, which nobody merges.
 */
export async function withoutSettled(
  deps: HotDeps,
  bench: Bench,
  conflicts: readonly Conflict[],
): Promise<Conflict[]> {
  const soft = conflicts.filter(({ clash, by }) => clash === 'warns' && by.source === 'edit' && !by.isGlob)
  const over = new Set<ClaimRecord>()
  for (const id of new Set(soft.map((conflict) => conflict.by.sessionId))) {
    const holder = bench.holders.get(id)
    const claims = soft.map((conflict) => conflict.by).filter((claim) => claim.sessionId === id)
    if (holder === undefined) continue
    const paths = await released(deps, holder, claims)
    for (const claim of claims) if (paths.includes(claim.path)) over.add(claim)
  }
  for (const { tree, asked } of bench.own) {
    if (asked.isGlob) continue
    const here = soft.filter((conflict) => conflict.path === asked.path && !over.has(conflict.by))
    if (here.length === 0 || here.some(({ by }) => bench.holders.get(by.sessionId)?.worktreePath === tree))
      continue
    const ignored = await lookedUp(() => ignoredFiles(tree, [asked.path]), [])
    for (const { by } of here) if (ignored.has(by.path)) over.add(by)
  }
  return conflicts.filter((conflict) => !over.has(conflict.by))
}
