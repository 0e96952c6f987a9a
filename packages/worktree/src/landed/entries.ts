import type { ObjectView, TreeEntry } from './view.js'

const MAX_ARGUMENT_BYTES = 60_000
const NOTHING = '000000'

/** An entry as a raw diff gives it, whose mode is `000000` where there was nothing. */
export function presentEntry(entry: TreeEntry): TreeEntry | null {
  return entry.mode === NOTHING ? null : entry
}

export function isSameEntry(now: TreeEntry | undefined, then: TreeEntry): boolean {
  return now === undefined ? then.mode === NOTHING : now.mode === then.mode && now.id === then.id
}

/** What a tree holds at these paths; paths are git's bytes read as latin1. */
export async function entriesAt(
  view: ObjectView,
  tree: string,
  paths: readonly string[],
): Promise<Map<string, TreeEntry>> {
  const wanted = [...new Set(paths)]
  const entries = new Map<string, TreeEntry>()
  if (wanted.length === 0) return entries
  // a name that is not plain ASCII would reach git in another encoding, so such a tree is read as a whole
  const isPlain = wanted.every((path) => /^[ -~]*$/.test(path))
  const isShort = wanted.reduce((sum, path) => sum + path.length + 1, 0) < MAX_ARGUMENT_BYTES
  const only = isPlain && isShort ? ['--', ...wanted] : []
  const { stdout } = await view.run(['ls-tree', '-r', '-z', tree, ...only])
  for (const line of stdout.toString('latin1').split('\0')) {
    const match = /^(\d+) \w+ ([0-9a-f]+)\t([\s\S]*)$/.exec(line)
    if (match !== null) entries.set(match[3] ?? '', { mode: match[1] ?? '', id: match[2] ?? '' })
  }
  return entries
}
