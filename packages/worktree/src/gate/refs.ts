import { plumbLines, plumbText } from '../trash/plumbing.js'

// what these keep is not proof that work is elsewhere: they are one tree's own, or end by themselves
const NO_PROOF = /^refs\/(parallel-cc|worktree|bisect|rewritten|stash)(\/|$)/

interface Ref {
  name: string
  commit: string
}

async function listRefs(commonDir: string): Promise<Ref[]> {
  const fields = '%(refname) %(objecttype) %(objectname) %(*objecttype) %(*objectname)'
  const lines = await plumbLines(['for-each-ref', `--format=${fields}`], {
    gitDir: commonDir,
    readOnly: true,
  })
  const refs: Ref[] = []
  for (const line of lines) {
    const [name = '', type = '', id = '', peeledType = '', peeled = ''] = line.split(' ')
    if (type === 'commit') refs.push({ name, commit: id })
    // a tag of a tag is peeled by rev-list
    else if (type === 'tag' && (peeledType === 'commit' || peeledType === 'tag'))
      refs.push({ name, commit: peeled })
  }
  return refs
}

/**
 * The commits that other refs than `branch` hold. Only refs that prove work to be elsewhere count: not stashes, not rescue refs,
 * not what belongs to one tree.
 */
export async function commitsOfOtherRefs(commonDir: string, branch: string | null): Promise<string[]> {
  const own = branch === null ? null : `refs/heads/${branch}`
  const refs = await listRefs(commonDir)
  const others = refs.filter((ref) => ref.name !== own && !NO_PROOF.test(ref.name))
  return [...new Set(others.map((ref) => ref.commit))]
}

export interface OnlyHere {
  count: number
  /** The newest, `<short id> <subject>`. */
  newest: string | null
}

/** The commits reachable from `head` that no other ref reaches. */
export async function commitsOnlyHere(
  commonDir: string,
  head: string,
  others: readonly string[],
): Promise<OnlyHere> {
  const options = { gitDir: commonDir, readOnly: true }
  const input = [head, '--not', ...others].map((line) => `${line}\n`).join('')
  const count = Number(await plumbText(['rev-list', '--count', '--stdin'], { ...options, input }))
  if (!Number.isSafeInteger(count)) throw new SyntaxError(`git rev-list --count gave no number for ${head}`)
  if (count === 0) return { count, newest: null }
  const newest = await plumbText(['log', '-1', '--no-show-signature', '--format=%h %s', head, '--'], options)
  return { count, newest }
}
