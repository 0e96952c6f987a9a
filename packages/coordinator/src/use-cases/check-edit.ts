import { type Conflict, claimCovers, isExpired, takeClaims } from '@pcc/claims'
import type { ClaimRecord, SessionRecord } from '@pcc/store/hot'
import { askingSession } from '../asking-session.js'
import { loadConfig } from '../config/load.js'
import type { Config } from '../config/schema.js'
import type { HotDeps } from '../hot-coordinator.js'
import { placeOf } from '../place.js'
import { editConflicts } from '../steps/edit-conflicts.js'
import { callFolder, type OwnTarget, type PlacedTargets, placeTargets } from '../steps/edit-place.js'
import { editTargets } from '../steps/edit-targets.js'
import { heldText, sharedTreeText, toldText, warnedText, wrongTreeText } from '../steps/edit-texts.js'
import { tellExpired } from '../steps/tell-expired.js'

export interface CheckEditDeps extends HotDeps {
  /** @default as it stands in the user's file when it is needed */
  config?: Pick<Config, 'claims.onAdvisory'>
}

export interface CheckEditInput {
  /** Id, unique beginning of an id, or name. @default the calling session */
  session?: string
  /** The asking process. */
  pid: number
  /** Where the call is made; paths are relative to it. */
  cwd: string
  /** As the client names it. */
  tool: string
  /** The tool's own arguments, not trusted. */
  input: unknown
  /** Set inside a subagent. */
  agentId?: string
}

export type EditVerdict =
  | {
      verdict: 'allow'
      /** Files that are the session's now, by this call. */
      claimed: string[]
      /** What the model is to know all the same. */
      note?: string
    }
  | { verdict: 'deny'; reason: string }
  /** Held back once; the same call again goes through. */
  | { verdict: 'warn'; reason: string }

const NOTHING: EditVerdict = { verdict: 'allow', claimed: [] }

function deny(reason: string): EditVerdict {
  return { verdict: 'deny', reason }
}

function onAdvisory(deps: CheckEditDeps): Config['claims.onAdvisory'] {
  const config = deps.config ?? loadConfig(placeOf(deps.env).configFile).values
  return config['claims.onAdvisory']
}

/** The files that are not the session's yet. Folders and whole trees are not claimed: what changed in them is known after the call. */
function toClaim(own: readonly OwnTarget[], mine: readonly ClaimRecord[]): string[] {
  const files = own.filter((target) => !target.asked.isGlob).map((target) => target.asked.path)
  return [...new Set(files)].filter((path) => !mine.some((claim) => claimCovers(claim, path)))
}

interface Unwarned {
  conflicts: Conflict[]
  mode: Config['claims.onAdvisory']
}

/** What the session has not been told yet. */
async function unwarned(
  deps: CheckEditDeps,
  session: SessionRecord,
  warning: readonly Conflict[],
): Promise<Unwarned> {
  if (warning.length === 0) return { conflicts: [], mode: 'once' }
  const mode = onAdvisory(deps)
  if (mode === 'off') return { conflicts: [], mode }
  const given = await deps.store.read.warningsOf(
    session.id,
    warning.map((conflict) => conflict.path),
  )
  const isGiven = ({ path, by }: Conflict): boolean =>
    given.some((one) => one.path === path && one.holder === by.sessionId)
  return { conflicts: warning.filter((conflict) => !isGiven(conflict)), mode }
}

async function noteWarnings(
  deps: HotDeps,
  session: SessionRecord,
  conflicts: readonly Conflict[],
): Promise<void> {
  const warnedAt = deps.runtime.now()
  await deps.store.write(session.repoId, async (tx) => {
    for (const { path, by } of conflicts) {
      const { id: sessionId, repoId } = session
      await tx.putWarning({ sessionId, repoId, path, holder: by.sessionId, warnedAt })
    }
  })
}

function misplaced({ own, foreign, neighbours }: PlacedTargets): EditVerdict | null {
  if (foreign[0] !== undefined) return deny(wrongTreeText(foreign[0]))
  const shared = own.find((target) => target.isWholeTree && neighbours(target.tree).length > 0)
  if (shared === undefined) return null
  return deny(sharedTreeText(neighbours(shared.tree)[0] as SessionRecord))
}

/**
 * Whether a tool call may write to the files that it names, before it does. Files that nobody else holds become the session's by an
 * advisory claim; a file that is its already costs a look. Reads, and what cannot be read from the call, are allowed.
 *
 * @throws CoordinatorError, StoreError, ClaimsError, WorktreeError: whoever asks lets the call go on.
 */
export async function checkEdit(deps: CheckEditDeps, input: CheckEditInput): Promise<EditVerdict> {
  const { runtime, store } = deps
  const { tool, cwd } = input
  const wanted = await editTargets({ tool, input: input.input, cwd })
  if (wanted.length === 0) return NOTHING
  const asking = input.session === undefined ? {} : { session: input.session }
  const session = await askingSession(deps, { ...asking, directory: cwd, pid: input.pid })
  if (session === undefined) return NOTHING
  const call = { session, cwd: callFolder(cwd, session), isSubagent: input.agentId !== undefined }
  const placed = await placeTargets({ runtime, read: store.read }, call, wanted)
  if (placed === null) return NOTHING
  const wrong = misplaced(placed)
  if (wrong !== null) return wrong

  const found = await editConflicts(deps, session, placed.own)
  const holderOf = (conflicts: readonly Conflict[]): SessionRecord | undefined =>
    found.holders.get((conflicts[0] as Conflict).by.sessionId)
  if (found.blocking.length > 0) return deny(heldText(found.blocking, holderOf(found.blocking)))
  const { conflicts, mode } = await unwarned(deps, session, found.warning)
  if (conflicts.length > 0) {
    await noteWarnings(deps, session, conflicts)
    if (mode === 'once') return { verdict: 'warn', reason: warnedText(conflicts, holderOf(conflicts)) }
  }
  const now = runtime.now()
  const mine = found.near.filter((claim) => claim.sessionId === session.id && !isExpired(claim, now))
  const verdict = await claimed(deps, session, toClaim(placed.own, mine))
  if (verdict.verdict !== 'allow' || conflicts.length === 0) return verdict
  return { ...verdict, note: toldText(conflicts, holderOf(conflicts)) }
}

/** Between the look and the write somebody else may have got the file. */
async function claimed(
  deps: HotDeps,
  session: SessionRecord,
  paths: readonly string[],
): Promise<EditVerdict> {
  if (paths.length === 0) return NOTHING
  const { held } = await deps.store.write(session.repoId, async (tx) => {
    const taken = await takeClaims(tx, {
      repoId: session.repoId,
      sessionId: session.id,
      asked: paths.map((path) => ({ path, isGlob: false, mode: 'advisory' })),
      ttlMs: null,
      reason: null,
      source: 'edit',
      now: deps.runtime.now(),
    })
    await tellExpired(tx, deps.runtime, taken.expired)
    return taken
  })
  if (held.length === 0) return { verdict: 'allow', claimed: [...paths] }
  const holder = await deps.store.read.sessionById((held[0] as Conflict).by.sessionId)
  return deny(heldText(held, holder))
}
