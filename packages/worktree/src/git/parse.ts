/** One record of `git worktree list --porcelain -z`. */
export interface ListedWorktree {
  path: string
  /** `null` while the branch has no commit. */
  head: string | null
  /** Without `refs/heads/`; a ref elsewhere is given in full. */
  branch: string | null
  bare: boolean
  detached: boolean
  /** The reason, `''` when locked without one, `null` when not locked. */
  locked: string | null
  prunable: string | null
}

/** One entry of `git status --porcelain=v2 -z`. */
export interface StatusEntry {
  kind: 'changed' | 'conflicted' | 'untracked' | 'ignored'
  /** State in the index; `.` is unchanged. */
  staged: string
  /** State in the working tree; `.` is unchanged. */
  unstaged: string
  submodule: boolean
  path: string
  /** The path as git wrote it, for names that are not UTF-8. */
  rawPath: Buffer
}

/** What `git status --porcelain=v2 --branch -z` says. */
export interface StatusReport {
  head: string | null
  /** `(detached)` stands for no branch, as git writes it. */
  branch: string | null
  upstream: string | null
  entries: StatusEntry[]
}

const NUL = 0
const SPACE = 0x20

/** Splits `-z` output into its fields; the terminator of the last one is not a field. */
export function splitNul(output: Buffer): Buffer[] {
  const fields: Buffer[] = []
  let from = 0
  while (from < output.length) {
    const end = output.indexOf(NUL, from)
    if (end === -1) {
      fields.push(output.subarray(from))
      break
    }
    fields.push(output.subarray(from, end))
    from = end + 1
  }
  return fields
}

function cutAtSpace(field: string): [string, string] {
  const at = field.indexOf(' ')
  return at === -1 ? [field, ''] : [field.slice(0, at), field.slice(at + 1)]
}

function applyAttribute(entry: ListedWorktree, field: string): void {
  const [name, value] = cutAtSpace(field)
  if (name === 'HEAD') entry.head = /^0+$/.test(value) ? null : value
  else if (name === 'branch') entry.branch = value.replace(/^refs\/heads\//, '')
  else if (name === 'bare') entry.bare = true
  else if (name === 'detached') entry.detached = true
  else if (name === 'locked') entry.locked = value
  else if (name === 'prunable') entry.prunable = value
}

/** Parses `git worktree list --porcelain -z`. Attributes that a later git adds are passed over. */
export function parseWorktreeList(output: Buffer): ListedWorktree[] {
  const listed: ListedWorktree[] = []
  let current: ListedWorktree | null = null
  for (const field of splitNul(output)) {
    const text = field.toString('utf8')
    if (text === '') {
      current = null
    } else if (current === null) {
      if (!text.startsWith('worktree ')) continue
      current = {
        path: text.slice('worktree '.length),
        head: null,
        branch: null,
        bare: false,
        detached: false,
        locked: null,
        prunable: null,
      }
      listed.push(current)
    } else {
      applyAttribute(current, text)
    }
  }
  return listed
}

/** The field cut after its first `count` words: the words, and the rest, which may hold anything. */
function cutWords(field: Buffer, count: number): { words: string[]; rest: Buffer } | null {
  const words: string[] = []
  let from = 0
  for (let index = 0; index < count; index += 1) {
    const at = field.indexOf(SPACE, from)
    if (at === -1) return null
    words.push(field.toString('latin1', from, at))
    from = at + 1
  }
  return { words, rest: field.subarray(from) }
}

const WORDS_BEFORE_PATH: Readonly<Record<string, number>> = { '1': 8, '2': 9, u: 10, '?': 1, '!': 1 }

function parseEntry(field: Buffer): StatusEntry | null {
  const type = field.toString('latin1', 0, 1)
  const count = WORDS_BEFORE_PATH[type]
  const cut = count === undefined ? null : cutWords(field, count)
  if (cut === null) return null
  const path = { path: cut.rest.toString('utf8'), rawPath: cut.rest }
  if (type === '?' || type === '!') {
    const kind = type === '?' ? 'untracked' : 'ignored'
    return { kind, staged: '.', unstaged: '.', submodule: false, ...path }
  }
  const [, states = '..', submodule = 'N...'] = cut.words
  return {
    kind: type === 'u' ? 'conflicted' : 'changed',
    staged: states[0] ?? '.',
    unstaged: states[1] ?? '.',
    submodule: submodule.startsWith('S'),
    ...path,
  }
}

function applyHeader(report: StatusReport, header: string): void {
  const [name, value] = cutAtSpace(header)
  if (name === 'branch.oid') report.head = value === '(initial)' ? null : value
  else if (name === 'branch.head') report.branch = value
  else if (name === 'branch.upstream') report.upstream = value
}

/**
 * Parses `git status --porcelain=v2 --branch -z`. A record of a kind that this version does not know is an error, since passing
 * over it could hide work.
 */
export function parseStatus(output: Buffer): StatusReport {
  const report: StatusReport = { head: null, branch: null, upstream: null, entries: [] }
  const fields = splitNul(output)
  for (let index = 0; index < fields.length; index += 1) {
    const field = fields[index]!
    if (field.toString('latin1', 0, 2) === '# ') {
      applyHeader(report, field.toString('utf8').slice(2))
      continue
    }
    const entry = parseEntry(field)
    if (entry === null)
      throw new SyntaxError(`git status wrote a record of an unknown kind: ${field.toString('utf8')}`)
    report.entries.push(entry)
    // a rename's second field is the path it came from
    if (field[0] === 0x32) index += 1
  }
  return report
}
