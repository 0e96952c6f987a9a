import { WorktreeError } from '../errors.js'
import type { ObjectView } from './view.js'

export type MergePair = readonly [ours: string, theirs: string]

/** Reads `merge-tree --stdin -z` output: a status, a tree, conflicted entries, and an empty field at the end of each merge. */
function parseMerges(output: string): (string | null)[] {
  const fields = output.split('\0')
  const trees: (string | null)[] = []
  let at = 0
  while (at + 1 < fields.length) {
    const [status, tree] = [fields[at], fields[at + 1]]
    at += 2
    while (at < fields.length && fields[at] !== '') at += 1
    // a record cut short by git's end has no empty field behind it
    if (at >= fields.length - 1) break
    at += 1
    trees.push(status === '1' && tree !== undefined ? tree : null)
  }
  return trees
}

/**
 * Merges pairs of commits in memory, all in one git process. The answer per pair is the merged tree, or `null` when the pair conflicts
 * or cannot be merged here (objects that a partial clone lacks, histories without a common commit).
 */
export async function mergeTrees(view: ObjectView, pairs: readonly MergePair[]): Promise<(string | null)[]> {
  const trees: (string | null)[] = []
  while (trees.length < pairs.length) {
    const input = pairs
      .slice(trees.length)
      .map(([ours, theirs]) => `${ours} ${theirs}\n`)
      .join('')
    const args = ['merge-tree', '--write-tree', '--stdin', '--no-messages']
    const { code, stdout } = await view.run(args, { input, okCodes: [0, 1, 128] })
    trees.push(...parseMerges(stdout.toString('latin1')))
    // git ends at the first pair that it cannot merge at all: that one is undecided, the rest gets another process
    if (code !== 0 && trees.length < pairs.length) trees.push(null)
    else if (code === 0 && trees.length < pairs.length)
      throw new WorktreeError('WORKTREE_GIT_FAILED', 'git merge-tree answered fewer merges than asked')
  }
  return trees
}
