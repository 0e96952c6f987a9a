import { statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { type AskedPath, folderPattern, placePath } from '@pcc/claims'
import type { SessionReads, SessionRecord } from '@pcc/store/hot'
import { isAlive } from '../liveness.js'
import type { Runtime } from '../runtime.js'
import type { EditTarget } from './edit-targets.js'
import { type KnownTrees, knownTrees } from './known-trees.js'

/** A file, or all of a folder, in a tree that the session may write to. */
export interface OwnTarget {
  tree: string
  asked: AskedPath & { mode: 'edit' }
  /** What the command says nothing about but may change. */
  isWholeTree: boolean
}

/** A file in a tree that is not the session's. */
export interface ForeignTarget {
  tree: string
  isMain: boolean
  /** Who works there, if anybody. */
  holder: SessionRecord | undefined
  /** As it was meant, and where it belongs. */
  meant: string
  corrected: string
}

export interface PlacedTargets {
  own: OwnTarget[]
  foreign: ForeignTarget[]
  /** Other live sessions by the tree in which they work. */
  neighbours: (tree: string) => readonly SessionRecord[]
}

export interface PlaceDeps {
  runtime: Runtime
  read: Pick<SessionReads, 'openSessions'>
}

export interface EditCall {
  session: SessionRecord
  cwd: string
  /** Set for a subagent, which has no tree but the one that it stands in. */
  isSubagent: boolean
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  } catch {
    // what cannot be looked at is judged as a file
    return false
  }
}

function treeOfCall(call: EditCall, trees: readonly string[]): string | null {
  const placed = placePath({ path: call.cwd, cwd: '/', trees })
  return placed.kind === 'outside' ? null : placed.tree
}

/** Places targets, looking at the trees again before anything counts as outside: one may have been moved. */
function locate(
  targets: readonly EditTarget[],
  call: EditCall,
): { trees: KnownTrees; places: [EditTarget, ReturnType<typeof placePath>][] } | null {
  const start = isFolder(call.session.worktreePath) ? call.session.worktreePath : call.cwd
  for (const afresh of [false, true]) {
    const trees = knownTrees(start, afresh)
    if (trees === null) return null
    const places = targets.map((target): [EditTarget, ReturnType<typeof placePath>] => [
      target,
      placePath({ path: target.path, cwd: call.cwd, trees: trees.all }),
    ])
    if (afresh || places.every(([, place]) => place.kind !== 'outside')) return { trees, places }
  }
  return null
}

/** Finds the trees that targets are in and whose those are; `null` when nothing of it is in the session's repository. */
export async function placeTargets(
  deps: PlaceDeps,
  call: EditCall,
  targets: readonly EditTarget[],
): Promise<PlacedTargets | null> {
  const found = locate(targets, call)
  if (found === null) return null
  const { trees } = found
  const places = found.places.filter(([, place]) => place.kind !== 'outside')
  if (places.length === 0) return null
  const open = await deps.read.openSessions(call.session.repoId)
  const lookedAt = new Map<string, SessionRecord[]>()
  const neighbours = (tree: string): SessionRecord[] => {
    const known = lookedAt.get(tree)
    if (known !== undefined) return known
    const there = open.filter((other) => other.id !== call.session.id && other.worktreePath === tree)
    const live = there.filter((other) => isAlive(deps.runtime, other))
    lookedAt.set(tree, live)
    return live
  }
  const standing = treeOfCall(call, trees.all)
  const registered = trees.all.includes(call.session.worktreePath) ? call.session.worktreePath : null
  const isOwn = (tree: string): boolean => {
    if (
      tree === registered &&
      !(call.isSubagent && standing !== null && standing !== tree && tree === trees.main)
    )
      return true
    if (neighbours(tree).length > 0) return false
    return tree !== trees.main || registered === null
  }
  const home = standing !== null && isOwn(standing) ? standing : (registered ?? standing ?? trees.all[0])
  const own: OwnTarget[] = []
  const foreign: ForeignTarget[] = []
  for (const [target, place] of places) {
    if (place.kind === 'outside') continue
    const path = place.kind === 'root' || target.isWholeTree ? null : place.path
    if (isOwn(place.tree)) own.push(ownTarget(place.tree, path, target))
    else {
      foreign.push({
        tree: place.tree,
        isMain: place.tree === trees.main,
        holder: neighbours(place.tree)[0],
        meant: path === null ? place.tree : join(place.tree, path),
        corrected: path === null ? (home as string) : join(home as string, path),
      })
    }
  }
  return { own, foreign, neighbours }
}

function ownTarget(tree: string, path: string | null, target: EditTarget): OwnTarget {
  if (path === null) return { tree, asked: { path: '**', isGlob: true, mode: 'edit' }, isWholeTree: true }
  const folder = target.mayBeFolder && isFolder(join(tree, path))
  const asked = folder ? { path: folderPattern(path), isGlob: true } : { path, isGlob: false }
  return { tree, asked: { ...asked, mode: 'edit' }, isWholeTree: false }
}

/** A directory to resolve paths against, whatever the call says. */
export function callFolder(cwd: string, session: SessionRecord): string {
  return isAbsolute(cwd) ? cwd : session.worktreePath
}
