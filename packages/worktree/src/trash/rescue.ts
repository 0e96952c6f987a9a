import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf } from './durable.js'
import { existingObjects, idsNamedIn } from './named-objects.js'
import { rescuePrefix } from './paths.js'
import { plumb, plumbLines, plumbText } from './plumbing.js'

export interface RescueInput {
  commonDir: string
  /** Where the index and the tree's own refs and reflogs are. */
  adminDir: string
  /** The removal's folder; temporary files are made in it. */
  folder: string
  id: string
  path: string
  branch: string | null
  head: string
  /** Commits that stay reachable whatever happens to this tree. */
  others: readonly string[]
  /** ISO 8601, UTC. */
  now: string
}

interface Synthetic {
  tree: string
  parents: readonly string[]
  message: string
}

async function writeCommit(input: RescueInput, commit: Synthetic): Promise<string> {
  // written as an object, since commit-tree would ask for an identity, could sign, and takes parents as arguments
  const who = `parallel-cc <parallel-cc@localhost> ${Math.floor(Date.parse(input.now) / 1000)} +0000`
  const lines = [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${who}`,
    `committer ${who}`,
    '',
    commit.message,
    '',
  ]
  const args = ['hash-object', '-t', 'commit', '-w', '--stdin']
  return plumbText(args, { gitDir: input.commonDir, input: lines.join('\n') })
}

/** The tree of a copy of the index. Each stage of an unmerged path lies under a folder of its own in it. */
async function writeIndexTree(input: RescueInput): Promise<{ tree: string; unmerged: boolean } | null> {
  const copy = join(input.folder, 'index-copy')
  try {
    await copyFile(join(input.adminDir, 'index'), copy)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
  try {
    const options = { gitDir: input.adminDir, env: { GIT_INDEX_FILE: copy, GIT_WORK_TREE: input.folder } }
    const { stdout } = await plumb(['ls-files', '-u', '-z'], options)
    if (stdout.length > 0) {
      await plumb(['update-index', '-z', '--index-info'], { ...options, input: stagesApart(stdout) })
    }
    return { tree: await plumbText(['write-tree'], options), unmerged: stdout.length > 0 }
  } finally {
    await rm(copy, { force: true })
    await rm(`${copy}.lock`, { force: true })
  }
}

/** Input for update-index that takes out unmerged paths and puts each stage below `.parallel-cc-unmerged/<stage>/`. */
function stagesApart(unmerged: Buffer): Buffer {
  const lines: Buffer[] = []
  let from = 0
  while (from < unmerged.length) {
    const end = unmerged.indexOf(0, from)
    const tab = unmerged.indexOf(9, from)
    const [mode = '', id = '', stage = ''] = unmerged.toString('latin1', from, tab).split(' ')
    const path = unmerged.subarray(tab + 1, end)
    lines.push(Buffer.from(`0 ${'0'.repeat(id.length)} 0\t`), path, Buffer.of(0))
    lines.push(Buffer.from(`${mode} ${id} 0\t.parallel-cc-unmerged/${stage}/`), path, Buffer.of(0))
    from = end + 1
  }
  return Buffer.concat(lines)
}

/** Those of the commits that nothing else reaches, without the ones that another of them reaches. */
async function loneTips(input: RescueInput, commits: readonly string[]): Promise<string[]> {
  if (commits.length === 0) return []
  const args = ['rev-list', '--parents', '--stdin']
  const lines = [...commits, '--not', input.head, ...input.others].map((line) => `${line}\n`).join('')
  const listed = (await plumbLines(args, { gitDir: input.commonDir, input: lines })).map((line) =>
    line.split(' '),
  )
  const reached = new Set(listed.flatMap(([, ...parents]) => parents))
  return listed.flatMap(([commit = '']) => (reached.has(commit) ? [] : [commit]))
}

/** Those objects of which everything is there: a ref to any other would make the user's next gc fail. */
async function whole(input: RescueInput, ids: readonly string[]): Promise<string[]> {
  const isWhole = async (some: readonly string[]): Promise<boolean> => {
    const lines = [...some, '--not', input.head, ...input.others].map((line) => `${line}\n`).join('')
    const args = ['rev-list', '--objects', '--quiet', '--stdin']
    return (await plumb(args, { gitDir: input.commonDir, input: lines, okCodes: [0, 1, 128] })).code === 0
  }
  if (ids.length === 0 || (await isWhole(ids))) return [...ids]
  const found: string[] = []
  for (const id of ids) if (await isWhole([id])) found.push(id)
  return found
}

async function writeReflogCommit(input: RescueInput): Promise<string | null> {
  const named = await idsNamedIn(input)
  const objects = await existingObjects(input.commonDir, named)
  const sound = new Set(
    await whole(
      input,
      objects.map(({ id }) => id),
    ),
  )
  const kept = objects.filter(({ id }) => sound.has(id))
  const tips = await loneTips(
    input,
    kept.filter(({ type }) => type === 'commit').map(({ id }) => id),
  )
  const loose = kept.filter(({ type }) => type !== 'commit')
  if (tips.length === 0 && loose.length === 0) return null
  const entries = loose.map(
    ({ id, type }) => `${type === 'tree' ? '040000' : '100644'} ${type} ${id}\t${id}\0`,
  )
  const tree = await plumbText(['mktree', '-z'], { gitDir: input.commonDir, input: entries.join('') })
  const message = `What only the reflogs and parked operations of ${JSON.stringify(input.path)} knew`
  return writeCommit(input, { tree, parents: tips, message })
}

/**
 * Makes refs that keep from garbage collection what leaves with a tree: `head`, its commit; `index`, what was only staged;
 * `reflog`, what only its reflogs and parked operations name. Only creates; returns the names of the refs.
 *
 * @throws WorktreeError `WORKTREE_GIT_FAILED`, also when a ref of that name is there
 */
export async function writeRescueRefs(input: RescueInput): Promise<string[]> {
  const prefix = rescuePrefix(input.id)
  const refs = new Map([[`${prefix}/head`, input.head]])
  const index = await writeIndexTree(input)
  if (index !== null) {
    const headTree = await plumbText(['rev-parse', `${input.head}^{tree}`], { gitDir: input.commonDir })
    if (index.unmerged || index.tree !== headTree) {
      const message = `What was staged in ${JSON.stringify(input.path)}`
      refs.set(
        `${prefix}/index`,
        await writeCommit(input, { tree: index.tree, parents: [input.head], message }),
      )
    }
  }
  const reflog = await writeReflogCommit(input)
  if (reflog !== null) refs.set(`${prefix}/reflog`, reflog)
  const commands = [...refs].map(([name, id]) => `create ${name}\0${id}\0`).join('')
  await plumb(['update-ref', '-z', '--stdin'], { gitDir: input.commonDir, input: commands })
  return [...refs.keys()]
}

/** The rescue refs of a removal that are there. */
export function rescueRefs(commonDir: string, id: string): Promise<string[]> {
  const args = ['for-each-ref', '--format=%(refname)', `${rescuePrefix(id)}/`]
  return plumbLines(args, { gitDir: commonDir, readOnly: true })
}

/** Deletes the rescue refs of a removal: after it was undone, or when their time is over. Returns their names. */
export async function deleteRescueRefs(commonDir: string, id: string): Promise<string[]> {
  const names = await rescueRefs(commonDir, id)
  if (names.length === 0) return []
  const input = names.map((name) => `delete ${name}\0\0`).join('')
  await plumb(['update-ref', '-z', '--no-deref', '--stdin'], { gitDir: commonDir, input })
  return names
}
