import { readArguments } from './arguments.js'
import type { Word } from './words.js'

/** What a git command does to the working tree. */
export interface GitWrites {
  by: string
  paths: Word[]
  /** It says no paths and may write to any file of the tree. */
  isWhole: boolean
  unread: boolean
  /** `-C`, in order. */
  folders: Word[]
}

interface Subcommand {
  name: string
  args: readonly Word[]
  folders: Word[]
  unread: boolean
}

const GLOBAL_WITH_VALUE = new Set(['-c', '--exec-path', '--namespace', '--config-env', '--super-prefix'])
const ELSEWHERE = /^--(git-dir|work-tree)(=|$)/

/** Finds the subcommand after git's own options. */
function subcommand(args: readonly Word[]): Subcommand | null {
  const folders: Word[] = []
  let unread = false
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] as Word
    if (arg === null) return { name: '', args: [], folders, unread: true }
    if (!arg.startsWith('-')) return { name: arg, args: args.slice(index + 1), folders, unread }
    if (ELSEWHERE.test(arg)) {
      unread = true
      if (!arg.includes('=')) index++
    } else if (arg === '-C') folders.push(args[++index] ?? null)
    else if (GLOBAL_WITH_VALUE.has(arg)) index++
  }
  return null
}

type Effect = Partial<Pick<GitWrites, 'paths' | 'isWhole' | 'unread'>> | null
type Reader = (args: readonly Word[], exists: (path: string) => boolean) => Effect

/** Pathspecs with magic are git's to read; the root is `.` or `:/`. */
function pathspecs(words: readonly Word[]): Effect {
  if (words.some((word) => word === ':/' || word === '.')) return { isWhole: true }
  const paths = words.map((word) => (word === null || /^:|[*?[]/.test(word) ? null : word))
  return { paths }
}

function afterDashes(args: readonly Word[]): readonly Word[] | null {
  const at = args.indexOf('--')
  return at === -1 ? null : args.slice(at + 1)
}

const NEW_BRANCH = ['b', 'B', 'orphan', 'track', 't', 'c', 'C', 'create', 'force-create', 'd', 'detach']

function checkout(args: readonly Word[], exists: (path: string) => boolean): Effect {
  const named = afterDashes(args)
  if (named !== null && named.length > 0) return pathspecs(named)
  const { operands, options } = readArguments(args, { short: 'bB', long: ['orphan', 'conflict'] })
  if (options.has('pathspec-from-file')) return { unread: true }
  const makesBranch = NEW_BRANCH.some((name) => options.has(name))
  if (makesBranch) return operands.length === 0 ? null : { isWhole: true }
  const [first, ...rest] = operands
  if (first === undefined) return null
  if (rest.length > 0) {
    // `checkout COMMIT PATH…` or `checkout PATH…`: a path that is there is meant, a name that is not is a commit's
    return pathspecs(first !== null && exists(first) ? operands : rest)
  }
  if (first === null) return { unread: true }
  if (first === '.' || first === ':/') return { isWhole: true }
  return exists(first) ? { paths: [first] } : { isWhole: true }
}

function switchBranch(args: readonly Word[]): Effect {
  const { operands, options } = readArguments(args, {
    short: 'cC',
    long: ['create', 'force-create', 'orphan'],
  })
  const makesBranch = ['c', 'C', 'create', 'force-create', 'orphan'].some((name) => options.has(name))
  return makesBranch && operands.length === 0 ? null : { isWhole: true }
}

function restore(args: readonly Word[]): Effect {
  const { operands, options } = readArguments(args, {
    short: 's',
    long: ['source', 'conflict', 'pathspec-from-file'],
  })
  const onlyStaged = options.has('staged') || options.has('S')
  if (onlyStaged && !options.has('worktree') && !options.has('W')) return null
  if (options.has('pathspec-from-file')) return { unread: true }
  return pathspecs(operands)
}

function reset(args: readonly Word[]): Effect {
  const { options } = readArguments(args)
  return ['hard', 'merge', 'keep'].some((name) => options.has(name)) ? { isWhole: true } : null
}

function clean(args: readonly Word[]): Effect {
  const { operands, options } = readArguments(args, { short: 'e', long: ['exclude'] })
  if (options.has('n') || options.has('dry-run')) return null
  if (!options.has('f') && !options.has('force') && !options.has('i')) return null
  return operands.length === 0 ? { isWhole: true } : pathspecs(operands)
}

function remove(args: readonly Word[]): Effect {
  const { operands, options } = readArguments(args, { long: ['pathspec-from-file'] })
  if (options.has('cached') || options.has('n') || options.has('dry-run')) return null
  return pathspecs(operands)
}

function move(args: readonly Word[]): Effect {
  const { operands, options } = readArguments(args)
  if (options.has('n') || options.has('dry-run')) return null
  return { paths: operands }
}

function stash(args: readonly Word[]): Effect {
  const [verb, ...rest] = args
  if (verb === null) return { unread: true }
  if (verb === 'pop' || verb === 'apply' || verb === 'branch') return { isWhole: true }
  // putting away takes the changes out of the tree
  if (verb !== undefined && !verb.startsWith('-') && verb !== 'push' && verb !== 'save') return null
  const named = afterDashes(rest)
  return named !== null && named.length > 0 ? pathspecs(named) : { isWhole: true }
}

const applyPatch: Reader = (args) => {
  const { options } = readArguments(args)
  return ['check', 'stat', 'numstat', 'summary', 'cached'].some((name) => options.has(name))
    ? null
    : { unread: true }
}

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['checkout', checkout],
  ['switch', switchBranch],
  ['restore', restore],
  ['reset', reset],
  ['clean', clean],
  ['rm', remove],
  ['mv', move],
  ['stash', stash],
  ['apply', applyPatch],
  ['am', () => ({ unread: true })],
  ['merge', () => ({ unread: true })],
  ['pull', () => ({ unread: true })],
  ['rebase', () => ({ unread: true })],
  ['cherry-pick', () => ({ unread: true })],
  ['revert', () => ({ unread: true })],
])

const LABELS: Readonly<Record<string, string>> = { reset: 'git reset --hard' }

function label({ name, args }: Subcommand): string {
  if (name === 'stash') return args[0] === 'pop' || args[0] === 'apply' ? `git stash ${args[0]}` : 'git stash'
  return LABELS[name] ?? `git ${name}`
}

/** Reads what a git command writes in the working tree; `null` for one that only reads, or changes only git's own files. */
export function gitWrites(
  args: readonly Word[],
  exists: (folders: readonly Word[], path: string) => boolean,
): GitWrites | null {
  const found = subcommand(args)
  if (found === null) return null
  const effect = READERS.get(found.name)?.(found.args, (path) => exists(found.folders, path)) ?? null
  if (effect === null && !(found.name === '' && found.unread)) return null
  return {
    by: label(found),
    paths: effect?.paths ?? [],
    isWhole: effect?.isWhole ?? false,
    unread: found.unread || effect?.unread === true,
    folders: found.folders,
  }
}
