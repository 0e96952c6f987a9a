import { changedPaths, type FileChange, fileChanges, type PathChange, type TreeStep } from './changes.js'
import { entriesAt, isSameEntry, presentEntry } from './entries.js'
import { type Change, type JudgeContext, stepOf } from './target-changes.js'
import { entryName, type ObjectView } from './view.js'

const MAX_REWRITES = 200

export interface Undoing {
  change: Change
  /** Marks the target's commits that may have undone it. */
  since: Uint8Array
}

/** Is every line of `wanted` among `given`, as often? */
function holdsAll(given: readonly string[], wanted: readonly string[]): boolean {
  const counts = new Map<string, number>()
  for (const line of given) counts.set(line, (counts.get(line) ?? 0) + 1)
  for (const line of wanted) {
    const left = counts.get(line) ?? 0
    if (left === 0) return false
    counts.set(line, left - 1)
  }
  return true
}

/** Lines that say something: a brace or an empty line is found everywhere and proves nothing. */
function telling(lines: readonly string[]): readonly string[] {
  const found = lines.filter((line) => /[\p{L}\p{N}]/u.test(line.slice(1)))
  return found.length > 0 ? found : lines
}

interface PathStory {
  path: string
  /** True when the target holds here what was there before the change. */
  isAsBefore: boolean
  made: FileChange | undefined
  since: FileChange | undefined
}

/** The branch's own paths only, as small trees: a target that went far has no more to compare than a near one. */
async function pathStories(
  view: ObjectView,
  changes: readonly (readonly PathChange[])[],
  tree: string,
): Promise<PathStory[][]> {
  const now = await entriesAt(
    view,
    tree,
    changes.flat().map(({ path }) => path),
  )
  const steps: TreeStep[] = []
  for (const files of changes) {
    const before = view.addTree(files.map((file) => presentEntry(file.before)))
    const after = view.addTree(files.map((file) => presentEntry(file.after)))
    const target = view.addTree(files.map(({ path }) => now.get(path) ?? null))
    steps.push({ before, after }, { before: after, after: target })
  }
  const read = await fileChanges(view, steps)
  return changes.map((files, i) => {
    const made = byPlace(read[2 * i] ?? [])
    const since = byPlace(read[2 * i + 1] ?? [])
    return files.map(({ path, before }, place) => {
      const isAsBefore = isSameEntry(now.get(path), before)
      return { path, isAsBefore, made: made.get(nameAt(place)), since: since.get(nameAt(place)) }
    })
  })
}

function nameAt(place: number): string {
  return `a/${entryName(place)} b/${entryName(place)}`
}

function byPlace(files: readonly FileChange[]): Map<string, FileChange> {
  const byPath = new Map<string, FileChange>()
  for (const file of files) {
    const known = byPath.get(file.path)
    if (known === undefined) byPath.set(file.path, file)
    else {
      known.minus.push(...file.minus)
      known.plus.push(...file.plus)
    }
  }
  return byPath
}

/** `gone` holds, per path, inserted lines that the target no longer has, where nothing else tells a revert from a rewriting. */
type Verdict = { isUndone: boolean; gone: Map<string, readonly string[]> }

function judge(stories: readonly PathStory[]): Verdict {
  const gone = new Map<string, readonly string[]>()
  for (const { path, isAsBefore, made, since } of stories) {
    if (isAsBefore) continue
    const [plus, minus] = [telling(made?.plus ?? []), telling(made?.minus ?? [])]
    const isGone = since !== undefined && holdsAll(since.minus, plus) && holdsAll(since.plus, minus)
    if (!isGone) return { isUndone: false, gone: new Map() }
    if (minus.length === 0) gone.set(path, plus)
  }
  return { isUndone: true, gone }
}

/** Did one of the target's commits put other lines in the place of the branch's, rather than only take them away? */
async function wasRewritten(
  context: JudgeContext,
  since: Uint8Array,
  gone: Verdict['gone'],
): Promise<boolean> {
  const { view, graph, changes } = context
  const commits = changes.touching([...gone.keys()], since).slice(0, MAX_REWRITES)
  const steps = commits.map((n) => stepOf(view, graph, n)).filter((step) => step !== null)
  const lines = new Map([...gone].map(([path, plus]) => [`a/${path} b/${path}`, new Set(plus)]))
  return (await fileChanges(view, steps)).flat().some(({ path, hunks }) => {
    const ours = lines.get(path)
    return hunks.some(({ minus, plus }) => plus.length > 0 && minus.some((line) => ours?.has(line)))
  })
}

/**
 * For each change: is nothing left of it in the target, every line that it put there gone and every line that it took away back? This
 * looks at content alone, so it sees what a count of reverts cannot: a revert with other changes in it, or a merge that threw the change away.
 */
export async function undoneChanges(context: JudgeContext, asked: readonly Undoing[]): Promise<boolean[]> {
  if (asked.length === 0) return []
  const stories = await pathStories(
    context.view,
    asked.map(({ change }) => change.files),
    context.graph.trees[context.target] ?? '',
  )
  const answers: boolean[] = []
  for (const [i, { since }] of asked.entries()) {
    const { isUndone, gone } = judge(stories[i] ?? [])
    answers.push(isUndone && (gone.size === 0 || !(await wasRewritten(context, since, gone))))
  }
  return answers
}

/** Is nothing left of a step in a tree? Lines that something else may have replaced count as gone. */
export async function isGoneFrom(view: ObjectView, step: TreeStep, tree: string): Promise<boolean> {
  const stories = await pathStories(view, await changedPaths(view, [step]), tree)
  return judge(stories[0] ?? []).isUndone
}
