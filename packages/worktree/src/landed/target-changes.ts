import {
  type ChangeKey,
  changedPaths,
  changeKey,
  fileChanges,
  type PathChange,
  type TreeStep,
} from './changes.js'
import type { CommitGraph } from './graph.js'
import type { ObjectView } from './view.js'

/**
 * How many of the target's newest commits are looked through for a branch's changes and for reverts. A branch that landed earlier than
 * these by a squash or rebase is kept rather than wrongly deleted; a revert of a merge from before them is not noticed.
 */
const MAX_TARGET_COMMITS = 20_000

/** What all judging of one target works with. */
export interface JudgeContext {
  view: ObjectView
  graph: CommitGraph
  target: number
  changes: TargetChanges
}

/** A change that is looked for in the target. */
export interface Change extends ChangeKey {
  step: TreeStep
  files: readonly PathChange[]
}

function signature(files: readonly PathChange[]): string {
  return files.map(({ path }) => path).join('\0')
}

/** What the target's commits did, one by one, read once for all branches and looked up by change. */
export class TargetChanges {
  readonly #view: ObjectView
  readonly #graph: CommitGraph
  readonly #byPath = new Map<string, number[]>()
  readonly #bySignature = new Map<string, number[]>()
  readonly #byKey = new Map<string, number[]>()
  readonly #keyed = new Set<string>()

  private constructor(view: ObjectView, graph: CommitGraph) {
    this.#view = view
    this.#graph = graph
  }

  /** Reads which paths each of these commits touched; merges and empty commits are left out. */
  static async read(
    view: ObjectView,
    graph: CommitGraph,
    commits: readonly number[],
  ): Promise<TargetChanges> {
    const changes = new TargetChanges(view, graph)
    const plain = commits
      .filter((n) => graph.isPlain(n) && stepOf(view, graph, n) !== null)
      .slice(0, MAX_TARGET_COMMITS)
    const steps = plain.map((n) => stepOf(view, graph, n)).filter((step) => step !== null)
    const paths = await changedPaths(view, steps)
    for (const [i, n] of plain.entries()) {
      const touched = paths[i] ?? []
      for (const { path } of touched) append(changes.#byPath, path, n)
      append(changes.#bySignature, signature(touched), n)
    }
    return changes
  }

  /** Gives each step its paths, and its key where some commit of the target touched exactly these paths; else an empty key. */
  async describe(steps: readonly TreeStep[]): Promise<Change[]> {
    const paths = await changedPaths(this.#view, steps)
    const wanted = new Set(paths.map(signature).filter((name) => this.#bySignature.has(name)))
    await this.#readKeys([...wanted].filter((name) => !this.#keyed.has(name)))
    const known = steps.filter((_, i) => wanted.has(signature(paths[i] ?? [])))
    const keys = (await fileChanges(this.#view, known)).map(changeKey)
    let next = 0
    return steps.map((step, i) => {
      const touched = paths[i] ?? []
      const found = wanted.has(signature(touched)) ? keys[next++] : undefined
      return { step, files: touched, key: found?.key ?? '', inverse: found?.inverse ?? '' }
    })
  }

  async #readKeys(signatures: readonly string[]): Promise<void> {
    const commits = signatures.flatMap((name) => this.#bySignature.get(name) ?? [])
    const steps = commits.map((n) => stepOf(this.#view, this.#graph, n)).filter((step) => step !== null)
    const changes = await fileChanges(this.#view, steps)
    for (const [i, n] of commits.entries()) append(this.#byKey, changeKey(changes[i] ?? []).key, n)
    for (const name of signatures) this.#keyed.add(name)
  }

  /** The commits with this change, of those marked. */
  withKey(key: string, among: Uint8Array): number[] {
    return key === '' ? [] : (this.#byKey.get(key) ?? []).filter((n) => among[n] === 1)
  }

  /** The commits that touch one of these paths, of those marked, newest first. */
  touching(paths: readonly string[], among: Uint8Array): number[] {
    const found = new Set<number>()
    for (const path of paths) {
      for (const n of this.#byPath.get(path) ?? []) if (among[n] === 1) found.add(n)
    }
    return [...found].toSorted((a, b) => a - b)
  }
}

function append(map: Map<string, number[]>, key: string, value: number): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

/** A commit as the change that it makes to its first parent, or `null` when it changes nothing. */
export function stepOf(view: ObjectView, graph: CommitGraph, commit: number): TreeStep | null {
  const parent = graph.firstParent(commit)
  const before = parent === undefined ? view.emptyTree : (graph.trees[parent] ?? '')
  const after = graph.trees[commit] ?? ''
  return before === after ? null : { before, after }
}
