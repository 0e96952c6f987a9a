import { type FileChange, fileChanges, type TreeStep } from './changes.js'
import { type Change, type JudgeContext, stepOf } from './target-changes.js'
import { entryName, type TreeEntry } from './view.js'

const MAX_REWRITES = 200
const MAX_ARGUMENT_BYTES = 60_000
const NOTHING = '000000'

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

/** What the target holds at these paths now; paths in git's bytes as latin1. */
async function entriesNow(context: JudgeContext, paths: readonly string[]): Promise<Map<string, TreeEntry>> {
  const tree = context.graph.trees[context.target] ?? ''
  const isAscii = paths.every((path) => /^[ -~]*$/.test(path))
  const isShort = paths.reduce((sum, path) => sum + path.length + 1, 0) < MAX_ARGUMENT_BYTES
  const only = isAscii && isShort ? ['--', ...paths] : []
  const { stdout } = await context.view.run(['ls-tree', '-r', '-z', tree, ...only])
  const entries = new Map<string, TreeEntry>()
  for (const line of stdout.toString('latin1').split('\0')) {
    const match = /^(\d+) \w+ ([0-9a-f]+)\t([\s\S]*)$/.exec(line)
    if (match !== null) entries.set(match[3] ?? '', { mode: match[1] ?? '', id: match[2] ?? '' })
  }
  return entries
}

interface PathStory {
  path: string
  /** True when the target holds here what was there before the change. */
  isAsBefore: boolean
  made: FileChange | undefined
  since: FileChange | undefined
}

/** The branch's own paths only, as small trees: a target that went far has no more to compare than a near one. */
async function pathStories(context: JudgeContext, changes: readonly Change[]): Promise<PathStory[][]> {
  const now = await entriesNow(context, [...new Set(changes.flatMap(({ files }) => files.map(({ path }) => path)))])
  const present = (entry: TreeEntry): TreeEntry | null => (entry.mode === NOTHING ? null : entry)
  const steps: TreeStep[] = []
  for (const { files } of changes) {
    const { view } = context
    const before = view.addTree(files.map((file) => present(file.before)))
    const after = view.addTree(files.map((file) => present(file.after)))
    const target = view.addTree(files.map(({ path }) => now.get(path) ?? null))
    steps.push({ before, after }, { before: after, after: target })
  }
  const read = await fileChanges(context.view, steps)
  return changes.map(({ files }, i) => {
    const made = byPlace(read[2 * i] ?? [])
    const since = byPlace(read[2 * i + 1] ?? [])
    return files.map(({ path, before }, place) => {
      const entry = now.get(path) ?? { mode: NOTHING, id: before.id }
      const isAsBefore = entry.mode === before.mode && entry.id === before.id
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
async function wasRewritten(context: JudgeContext, since: Uint8Array, gone: Verdict['gone']): Promise<boolean> {
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
    context,
    asked.map(({ change }) => change),
  )
  const answers: boolean[] = []
  for (const [i, { since }] of asked.entries()) {
    const { isUndone, gone } = judge(stories[i] ?? [])
    answers.push(isUndone && (gone.size === 0 || !(await wasRewritten(context, since, gone))))
  }
  return answers
}
