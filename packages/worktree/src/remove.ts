import { basename, dirname } from 'node:path'
import { WorktreeError } from './errors.js'
import { faultPoint } from './fault.js'
import { movedPlace, outlineTree } from './gate/outline.js'
import { type Refusal, refuse } from './gate/reasons.js'
import { commitsOfOtherRefs } from './gate/refs.js'
import type { GateFacts, GateVerdict } from './gate.js'
import { inspectTree } from './inspect.js'
import type { Repo } from './repo.js'
import { lockTree, printAdmin } from './trash/admin.js'
import { deleteBranch, saveBranch } from './trash/branch.js'
import { hideTrash, movedAdminDir, undoRemoval } from './trash/bring-back.js'
import { errnoOf, fsFailure, makeFolder, renameDurably } from './trash/durable.js'
import { beginJournal } from './trash/journal.js'
import { type RemovalActor, type RemovalLock, unlockRemoval } from './trash/lock.js'
import { type RemovalManifest, updateManifest } from './trash/manifest.js'
import { isTrashSound, removalDir, rescuePrefix, trashTreePath } from './trash/paths.js'
import { writeRescueRefs } from './trash/rescue.js'

export interface RemoveOptions extends RemovalActor {
  repo: Repo
  /** Id of the removal: new, made of letters, digits, `-` and `_`. */
  id: string
  /** Judges again, with what is true now. */
  recheck: () => Promise<GateVerdict>
}

export type RemoveOutcome =
  | { outcome: 'removed'; removalId: string; rescueRef: string; branchDeleted: boolean }
  | { outcome: 'kept'; reasons: Refusal[] }

interface Removal {
  repo: Repo
  facts: GateFacts
  manifest: RemovalManifest
  folder: string
}

type Step = (removal: Removal) => Promise<Refusal | null>

const changed = (what: string): Refusal => refuse('changed-meanwhile', `${what} while it was being removed`)

const CANNOT_MOVE = ['EXDEV', 'EBUSY', 'EPERM', 'EACCES', 'EROFS', 'ENOTEMPTY', 'ENOENT']

async function moveToTrash({ manifest }: Removal): Promise<Refusal | null> {
  const { path, trashPath, id } = manifest
  try {
    const trash = dirname(dirname(trashPath))
    if (!(await makeFolder(trash, id))) return refuse('cannot-move', `${dirname(trashPath)} is there already`)
    await hideTrash(trash)
    await renameDurably(path, trashPath)
    return null
  } catch (error) {
    const code = errnoOf(error)
    if (code === null || !CANNOT_MOVE.includes(code)) throw fsFailure(`move ${path} to ${trashPath}`, error)
    return refuse('cannot-move', `${path} cannot be moved to ${trashPath}: ${code}`)
  }
}

async function recheckInTrash({ facts, manifest }: Removal): Promise<Refusal | null> {
  const { path, trashPath } = manifest
  if (facts.outline !== null) {
    const submodules = facts.submodules.map((submodule) => ({
      path: movedPlace(submodule.path, path, trashPath),
      gitDir: movedPlace(submodule.gitDir, path, trashPath),
    }))
    const outline = await outlineTree({ path: trashPath, gitDir: facts.adminDir }, submodules)
    return outline === facts.outline ? null : changed('its content changed')
  }
  const state = await inspectTree(trashPath, { gitDir: facts.adminDir })
  if (state.head !== facts.head || state.branch !== facts.branch) return changed('its HEAD moved')
  return state.fingerprint === facts.fingerprint ? null : changed('its content changed')
}

function branchPlace({ repo, manifest, folder }: Removal): Parameters<typeof saveBranch>[0] | null {
  const { branch, head, branchFate } = manifest
  return branch === null || branchFate === 'keep' ? null : { commonDir: repo.commonDir, folder, branch, head }
}

const STEPS: readonly (readonly [name: string, step: Step])[] = [
  [
    'lock',
    async ({ facts, manifest }) =>
      (await lockTree(facts.adminDir, manifest.id)) ? null : refuse('locked', 'it was locked meanwhile'),
  ],
  [
    'rescue',
    async ({ repo, facts, manifest, folder }) => {
      const others = await commitsOfOtherRefs(repo.commonDir, manifest.branch)
      const { id, path, branch, head, removedAt: now } = manifest
      await writeRescueRefs({
        ...repo,
        adminDir: facts.adminDir,
        folder,
        id,
        path,
        branch,
        head,
        others,
        now,
      })
      return null
    },
  ],
  ['tree', moveToTrash],
  ['recheck', recheckInTrash],
  [
    'save',
    async (removal) => {
      const place = branchPlace(removal)
      if (place !== null) await saveBranch(place)
      return null
    },
  ],
  [
    'branch',
    async (removal) => {
      const place = branchPlace(removal)
      return place === null || (await deleteBranch(place)) ? null : changed(`branch '${place.branch}' moved`)
    },
  ],
  [
    'admin',
    async ({ repo, facts, manifest }) => {
      await renameDurably(facts.adminDir, movedAdminDir(repo.commonDir, manifest.id))
      return null
    },
  ],
  [
    'verify',
    // the last moment at which somebody inside could still use git there has passed
    async ({ repo, manifest }) =>
      (await printAdmin(movedAdminDir(repo.commonDir, manifest.id))) === manifest.adminPrint
        ? null
        : changed('git was used in it'),
  ],
  [
    'done',
    async ({ repo, manifest }) => {
      await updateManifest(repo.commonDir, manifest, { state: 'removed' })
      return null
    },
  ],
]

/** The fault points of a removal, in their order; each lies behind the step that it names. */
export const REMOVE_FAULT_POINTS: readonly string[] = ['manifest', ...STEPS.map(([name]) => name)].map(
  (name) => `remove:${name}`,
)

function whyRemoved(facts: GateFacts, discarded: readonly string[]): string[] {
  const { state } = facts.landed
  const commits = state === 'not-landed' ? (facts.commitsOnlyHere > 0 ? [] : ['on-other-ref']) : [state]
  return [...commits, ...discarded]
}

/** True when the two verdicts were reached on the same state. */
function sameFacts(a: GateFacts, b: GateFacts): boolean {
  const { landed: _a, ...first } = a
  const { landed: _b, ...second } = b
  return JSON.stringify(first) === JSON.stringify(second)
}

async function draftManifest(
  verdict: GateVerdict,
  facts: GateFacts,
  options: RemoveOptions,
): Promise<RemovalManifest> {
  const { id, now } = options
  const { head, branch, base, branchFate, adminDir } = facts
  return {
    version: 1,
    id,
    state: 'removing',
    path: verdict.path,
    trashPath: trashTreePath(verdict.path, id),
    adminName: basename(adminDir),
    restoredAdminName: null,
    branch,
    branchFate,
    head,
    base,
    adminPrint: await printAdmin(adminDir),
    reasons: whyRemoved(facts, verdict.discarded),
    removedAt: now,
  }
}

/**
 * Removes a tree that the gate let go: judges it again, keeps its commits and staged content by rescue refs, moves it into the
 * trash, looks at it there once more, deletes its branch if that still points at the judged commit, and takes its registration.
 * Nothing is deleted that `restoreRemoval` does not bring back. Whatever differs from what was judged undoes the whole: the
 * outcome is then `kept`.
 *
 * @throws WorktreeError `WORKTREE_FS_FAILED`, `WORKTREE_GIT_FAILED` when something else than a change got in the way; the tree is
 * back then, or `repairRemovals` brings it back. `WORKTREE_BAD_NAME` for an id that is taken or cannot be one.
 */
export async function removeWorktree(verdict: GateVerdict, options: RemoveOptions): Promise<RemoveOutcome> {
  const folder = removalDir(options.repo.commonDir, options.id)
  if (!verdict.allowed || verdict.facts === null) return { outcome: 'kept', reasons: verdict.reasons }
  const again = await options.recheck()
  if (!again.allowed || again.facts === null) return { outcome: 'kept', reasons: again.reasons }
  if (again.path !== verdict.path || !sameFacts(verdict.facts, again.facts)) {
    return { outcome: 'kept', reasons: [refuse('changed-meanwhile', 'it is not what was judged any more')] }
  }
  const { facts } = again
  const manifest = await draftManifest(again, facts, options)
  if (!(await isTrashSound(manifest.trashPath))) {
    return {
      outcome: 'kept',
      reasons: [refuse('cannot-move', `${manifest.trashPath} is not in a real folder`)],
    }
  }
  const lock = await beginJournal(options, manifest)
  faultPoint('remove:manifest')
  return runSteps({ repo: options.repo, facts, manifest, folder }, lock)
}

async function runSteps(removal: Removal, lock: RemovalLock): Promise<RemoveOutcome> {
  const { manifest, folder } = removal
  const { commonDir } = removal.repo
  try {
    for (const [name, step] of STEPS) {
      const refusal = await step(removal)
      if (refusal !== null) {
        await undoRemoval(commonDir, manifest)
        return { outcome: 'kept', reasons: [refusal] }
      }
      faultPoint(`remove:${name}`)
    }
  } catch (error) {
    await undoAfter(error, removal, lock)
    throw fsFailure(`remove ${manifest.path}`, error)
  }
  await unlockRemoval(folder, lock)
  return {
    outcome: 'removed',
    removalId: manifest.id,
    rescueRef: `${rescuePrefix(manifest.id)}/head`,
    branchDeleted: manifest.branch !== null && manifest.branchFate === 'delete',
  }
}

async function undoAfter(
  error: unknown,
  { repo, manifest, folder }: Removal,
  lock: RemovalLock,
): Promise<void> {
  try {
    await undoRemoval(repo.commonDir, manifest)
  } catch (second) {
    await unlockRemoval(folder, lock)
    throw new WorktreeError(
      'WORKTREE_FS_FAILED',
      `the removal of ${manifest.path} failed, and so did undoing it`,
      {
        hint: 'Nothing is lost. Mend what the cause names, then run `parallel-cc cleanup`: it brings the tree back.',
        data: { id: manifest.id, path: manifest.path, undo: String(second) },
        cause: error,
      },
    )
  }
}
