import type { ObjectView } from './view.js'

const OCTOPUS_CHUNK = 400

/** A set of commits of one graph, a byte per commit. */
export type Marks = Uint8Array

function isEdge(record: string): boolean {
  return record.startsWith('-')
}

/**
 * The part of a history in which a set of commits differ: everything reachable from them, down to one commit that all of them contain.
 * Commits are numbers; children have smaller ones than their parents.
 */
export class CommitGraph {
  readonly ids: string[] = []
  readonly trees: string[] = []
  readonly parents: number[][] = []
  /** True for the commits at the lower edge, whose parents are not part of the graph. */
  readonly isEdge: boolean[] = []
  readonly #numbers = new Map<string, number>()

  /**
   * @param records lines of `%m%H %T %P`, children before parents, with `-` for a mark at the lower edge
   * @param floor the commit that all asked ones contain; `null` when there is none
   */
  constructor(records: readonly string[], floor: string | null) {
    const parentIds: string[][] = []
    const add = (record: string): void => {
      const [head = '', tree = '', ...parents] = record.split(' ')
      this.#numbers.set(head.slice(1), this.ids.length)
      this.ids.push(head.slice(1))
      this.trees.push(tree)
      this.isEdge.push(isEdge(record))
      parentIds.push(isEdge(record) ? [] : parents.filter((id) => id !== ''))
    }
    for (const record of records) if (!isEdge(record)) add(record)
    const edges = records.filter(isEdge)
    if (floor !== null) {
      add(edges.find((record) => record.startsWith(`-${floor}`)) ?? `-${floor}`)
      // the floor contains whatever else lies at the edge, though the commits between are not listed
      const others = edges.filter((record) => !record.startsWith(`-${floor}`))
      others.forEach(add)
      parentIds[this.number(floor) ?? 0] = others.map((record) => record.split(' ')[0]?.slice(1) ?? '')
    }
    for (const ids of parentIds)
      this.parents.push(ids.map((id) => this.number(id) ?? -1).filter((n) => n >= 0))
  }

  number(id: string): number | undefined {
    return this.#numbers.get(id)
  }

  /** A commit of its own content: neither a merge nor at the lower edge, where its parents are not known. */
  isPlain(commit: number): boolean {
    return this.isEdge[commit] !== true && (this.parents[commit]?.length ?? 0) < 2
  }

  firstParent(commit: number): number | undefined {
    return this.isEdge[commit] === true ? undefined : this.parents[commit]?.[0]
  }

  /** All commits that one contains, itself included. */
  reach(from: number): Marks {
    const marks = new Uint8Array(this.ids.length)
    const stack = [from]
    marks[from] = 1
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      for (const parent of this.parents[top] ?? []) {
        if (marks[parent] === 1) continue
        marks[parent] = 1
        stack.push(parent)
      }
    }
    return marks
  }

  /** The commits that `from` contains and the marked set does not, newest first, and the marked commits they stand on. */
  beyond(from: number, marked: Marks): { commits: number[]; feet: number[] } {
    const seen = new Set<number>([from])
    const commits: number[] = []
    const feet: number[] = []
    const stack = [from]
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      if (marked[top] === 1) {
        feet.push(top)
        continue
      }
      commits.push(top)
      for (const parent of this.parents[top] ?? []) {
        if (seen.has(parent)) continue
        seen.add(parent)
        stack.push(parent)
      }
    }
    return { commits: commits.toSorted((a, b) => a - b), feet: this.#maximal(feet) }
  }

  /** Of some commits, those that no other of them contains. */
  #maximal(candidates: number[]): number[] {
    const left = candidates
    const reached = left.map((n) => this.reach(n))
    return left.filter((n, i) => !reached.some((marks, j) => j !== i && marks[n] === 1))
  }

  /** The commits along first parents, newest first. */
  firstParents(from: number): number[] {
    const chain: number[] = []
    for (let at: number | undefined = from; at !== undefined; at = this.firstParent(at)) chain.push(at)
    return chain
  }

  /** Marks the commits that contain `of`. */
  containing(of: number): Marks {
    const marks = new Uint8Array(this.ids.length)
    marks[of] = 1
    for (let n = of - 1; n >= 0; n -= 1) {
      if ((this.parents[n] ?? []).some((parent) => marks[parent] === 1)) marks[n] = 1
    }
    return marks
  }
}

async function commonCommit(view: ObjectView, ids: readonly string[]): Promise<string | null> {
  let common: string | null = null
  for (let at = 0; at < ids.length; at += OCTOPUS_CHUNK) {
    const chunk = [...(common === null ? [] : [common]), ...ids.slice(at, at + OCTOPUS_CHUNK)]
    const { code, stdout } = await view.run(['merge-base', '--octopus', ...chunk], { okCodes: [0, 1] })
    if (code !== 0) return null
    common = stdout.toString('latin1').trim()
  }
  return common
}

/** Reads the history in which these commits differ, with two git processes however many they are. */
export async function readGraph(view: ObjectView, commits: readonly string[]): Promise<CommitGraph> {
  const ids = [...new Set(commits)]
  const floor = await commonCommit(view, ids)
  const input = [...ids, ...(floor === null ? [] : [`^${floor}`])].map((line) => `${line}\n`).join('')
  const args = [
    'rev-list',
    '--topo-order',
    '--boundary',
    '--no-commit-header',
    '--format=%m%H %T %P',
    '--stdin',
  ]
  const { stdout } = await view.run(args, { input })
  return new CommitGraph(stdout.toString('latin1').split('\n').filter(Boolean), floor)
}
