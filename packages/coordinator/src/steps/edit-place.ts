import { statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { type AskedPath, folderPattern, placePath } from '@pcc/claims'
import type { SessionReads, SessionRecord } from '@pcc/store/hot'
import { isAlive } from '../liveness.js'
import type { Runtime } from '../runtime.js'
import type { EditTarget } from './edit-targets.js'
import { type NearTrees, nearTrees, withAllTrees } from './near-trees.js'

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
  neighbours: Neighbours
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

type Place = ReturnType<typeof placePath>

interface Located {
  trees: NearTrees
  places: [EditTarget, Place][]
}

function locate(targets: readonly EditTarget[], call: EditCall): Located | null {
  const { cwd, session } = call
  const start = isFolder(session.worktreePath) ? session.worktreePath : cwd
  const near = nearTrees(
    start,
    cwd,
    targets.map((target) => target.path),
  )
  if (near === null) return null
  const placed = (target: EditTarget, trees: NearTrees): Place =>
    placePath({ path: target.path, cwd, trees: trees.all })
  const places = targets.map((target): [EditTarget, Place] => [target, placed(target, near)])
  if (places.every(([, place]) => place.kind !== 'outside')) return { trees: near, places }
  const trees = withAllTrees(near)
  return { trees, places: targets.map((target) => [target, placed(target, trees)]) }
}

type Neighbours = (tree: string) => readonly SessionRecord[]

/** Who else works where, asked only where it matters: mostly a session writes to its own tree. */
async function neighboursIn(deps: PlaceDeps, call: EditCall, matters: boolean): Promise<Neighbours> {
  const open = matters ? await deps.read.openSessions(call.session.repoId) : []
  const lookedAt = new Map<string, readonly SessionRecord[]>()
  return (tree) => {
    const known = lookedAt.get(tree)
    if (known !== undefined) return known
    const there = open.filter((other) => other.id !== call.session.id && other.worktreePath === tree)
    const live = there.filter((other) => isAlive(deps.runtime, other))
    lookedAt.set(tree, live)
    return live
  }
}

/** Finds the trees that targets are in and whose those are; `null` when nothing of it is in the session's repository. */
export async function placeTargets(
  deps: PlaceDeps,
  call: EditCall,
  targets: readonly EditTarget[],
): Promise<PlacedTargets | null> {
  const located = locate(targets, call)
  if (located === null) return null
  const { trees } = located
  const inside = located.places.flatMap(([target, place]) =>
    place.kind === 'outside' ? [] : [{ target, tree: place.tree, path: relativePath(target, place) }],
  )
  if (inside.length === 0) return null
  const { standing } = trees
  const registered = trees.all.includes(call.session.worktreePath) ? call.session.worktreePath : null
  const atHome = registered !== null && standing === registered
  const matters = !atHome || inside.some(({ tree, path }) => tree !== registered || path === null)
  const neighbours = await neighboursIn(deps, call, matters)
  const isOwn = (tree: string): boolean => {
    const strays = call.isSubagent && standing !== null && standing !== tree && tree === trees.main
    if (tree === registered && !strays) return true
    if (neighbours(tree).length > 0) return false
    return tree !== trees.main || registered === null
  }
  const home =
    standing !== null && isOwn(standing) ? standing : (registered ?? standing ?? trees.all[0] ?? '')
  const placed: PlacedTargets = { own: [], foreign: [], neighbours }
  for (const { target, tree, path } of inside) {
    if (isOwn(tree)) placed.own.push(ownTarget(tree, path, target))
    else {
      placed.foreign.push({
        tree,
        isMain: tree === trees.main,
        holder: neighbours(tree)[0],
        meant: path === null ? tree : join(tree, path),
        corrected: path === null ? home : join(home, path),
      })
    }
  }
  return placed
}

/** `null` for the tree as a whole. */
function relativePath(target: EditTarget, place: Exclude<Place, { kind: 'outside' }>): string | null {
  return place.kind === 'root' || target.isWholeTree ? null : place.path
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
