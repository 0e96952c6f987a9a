import { type Conflict, claimCovers, takeClaims } from '@pcc/claims'
import type { SessionRecord, SessionWrites } from '@pcc/store/hot'
import { askingSession } from '../asking-session.js'
import type { HotDeps } from '../hot-coordinator.js'
import { type EditConflicts, editConflicts } from '../steps/edit-conflicts.js'
import { callFolder, type ForeignTarget, type OwnTarget, placeTargets } from '../steps/edit-place.js'
import { intrusionTexts, violationTexts } from '../steps/edit-texts.js'
import { notify } from '../steps/notify.js'
import { tellExpired } from '../steps/tell-expired.js'

export interface AfterEditInput {
  /** Id, unique beginning of an id, or name. @default the calling session */
  session?: string
  /** The asking process. */
  pid: number
  cwd: string
  tool: string
  input: unknown
  /** The files that the call changed, where the client tells. @default what git finds changed in the session's tree */
  changedFiles?: readonly string[]
  /** Set inside a subagent. */
  agentId?: string
}

export interface AfterEditResult {
  /** Messages that were put into inboxes, to whom it concerns and to the session itself. */
  notices: number
}

/** So many changed at once are a checkout or a merge, no edits: they are compared, and not claimed one by one. */
const MOST_CLAIMED = 100
const MOST_COMPARED = 2_000

interface Told {
  /** Once for each file and claim. */
  key: { path: string; holder: string }
  to: SessionRecord
  texts: { toHolder: string; toSession: string }
}

function violations(session: SessionRecord, found: EditConflicts, warned: ReadonlySet<string>): Told[] {
  const unexpected = found.warning.filter(({ path, by }) => !warned.has(`${by.sessionId} ${path}`))
  return [...found.blocking, ...unexpected].flatMap((conflict): Told[] => {
    const { path, by } = conflict
    const holder = found.holders.get(by.sessionId)
    if (holder === undefined) return []
    const holderKey = conflict.clash === 'warns' ? by.sessionId : `${by.sessionId} ${by.claimedAt}`
    return [
      { key: { path, holder: holderKey }, to: holder, texts: violationTexts(session, holder, conflict) },
    ]
  })
}

function intrusions(session: SessionRecord, foreign: readonly ForeignTarget[]): Told[] {
  return foreign.flatMap((target): Told[] => {
    const { holder, meant } = target
    if (holder === undefined) return []
    const texts = intrusionTexts(session, holder, target)
    return [{ key: { path: meant, holder: holder.id }, to: holder, texts }]
  })
}

async function changed(
  deps: HotDeps,
  input: AfterEditInput,
  session: SessionRecord,
): Promise<readonly string[]> {
  if (input.changedFiles !== undefined) return input.changedFiles
  const open = await deps.store.read.openSessions(session.repoId)
  // alone there is nobody to tell
  if (open.every((other) => other.id === session.id)) return []
  const { uncommittedFiles, locateTop } = await import('../steps/changed-files.js')
  const tree = locateTop(callFolder(input.cwd, session))
  return tree === null ? [] : (await uncommittedFiles(tree, null)).map((path) => `${tree}/${path}`)
}

/**
 * Looks at what a shell command has changed, after it ran. Files that are free become the session's; where it wrote to what another session
 * holds, or into another session's tree, both are told, once.
 *
 * @throws CoordinatorError, StoreError, WorktreeError: whoever asks lets the session go on.
 */
export async function afterEdit(deps: HotDeps, input: AfterEditInput): Promise<AfterEditResult> {
  const nothing = { notices: 0 }
  if (input.tool !== 'Bash' || input.changedFiles?.length === 0) return nothing
  const asking = input.session === undefined ? {} : { session: input.session }
  const session = await askingSession(deps, { ...asking, directory: input.cwd, pid: input.pid })
  if (session === undefined) return nothing
  const { runtime, store } = deps
  const files = (await changed(deps, input, session)).slice(0, MOST_COMPARED)
  const targets = files.map((path) => ({ path, isWholeTree: false, mayBeFolder: false }))
  const call = { session, cwd: callFolder(input.cwd, session), isSubagent: input.agentId !== undefined }
  const placed =
    targets.length === 0 ? null : await placeTargets({ runtime, read: store.read }, call, targets)
  if (placed === null) return nothing

  const own = placed.own.filter((target) => !target.isWholeTree)
  const found = await editConflicts(deps, session, own)
  const warnings = await store.read.warningsOf(
    session.id,
    own.map((target) => target.asked.path),
  )
  const warned = new Set(warnings.map((one) => `${one.holder} ${one.path}`))
  const told = [...violations(session, found, warned), ...intrusions(session, placed.foreign)]
  const free = freeOf(session, own, found)
  if (told.length === 0 && free.length === 0) return nothing
  return store.write(session.repoId, async (tx) => {
    await claimFree(tx, deps, { session, paths: free })
    return { notices: await tell(tx, deps, { session, told }) }
  })
}

/** What nobody holds in a way that keeps this session out, and it does not hold yet. */
function freeOf(session: SessionRecord, own: readonly OwnTarget[], found: EditConflicts): string[] {
  const blocked = new Set(found.blocking.map((conflict: Conflict) => conflict.path))
  const mine = found.near.filter((claim) => claim.sessionId === session.id)
  const paths = [...new Set(own.map((target) => target.asked.path))].filter(
    (path) => !blocked.has(path) && !mine.some((claim) => claimCovers(claim, path)),
  )
  return paths.length > MOST_CLAIMED ? [] : paths
}

async function claimFree(
  tx: SessionWrites,
  deps: HotDeps,
  { session, paths }: { session: SessionRecord; paths: readonly string[] },
): Promise<void> {
  for (const path of paths) {
    // each for itself: one that was taken meanwhile does not keep the others from being known
    const { expired } = await takeClaims(tx, {
      repoId: session.repoId,
      sessionId: session.id,
      asked: [{ path, isGlob: false, mode: 'advisory' }],
      ttlMs: null,
      reason: null,
      source: 'edit',
      now: deps.runtime.now(),
    })
    await tellExpired(tx, deps.runtime, expired)
  }
}

async function tell(
  tx: SessionWrites,
  { runtime }: HotDeps,
  { session, told }: { session: SessionRecord; told: readonly Told[] },
): Promise<number> {
  const now = runtime.now()
  const { repoId } = session
  let notices = 0
  for (const { key, to, texts } of told) {
    const before = await tx.warningsOf(session.id, [key.path])
    if (before.some((one) => one.holder === key.holder)) continue
    await tx.putWarning({ sessionId: session.id, repoId, ...key, warnedAt: now })
    const kind = 'claim_violated'
    await notify(tx, { id: runtime.newId(), repoId, toSessionId: to.id, kind, body: texts.toHolder, now })
    await notify(tx, {
      id: runtime.newId(),
      repoId,
      toSessionId: session.id,
      kind,
      body: texts.toSession,
      now,
    })
    notices += 2
  }
  return notices
}
