import { readArguments } from './arguments.js'
import type { Word } from './words.js'

/** What a program writes to, as its arguments tell. */
export interface Writes {
  paths: Word[]
  /** Set where the arguments do not tell all. */
  unread?: boolean
}

export type Writer = (args: readonly Word[], isFolder: (path: string) => boolean) => Writes

function nameOf(path: string): string {
  return path.replace(/\/+$/, '').replace(/^.*\//, '')
}

function inside(folder: string, path: string): string {
  return `${folder.replace(/\/+$/, '')}/${nameOf(path)}`
}

const every =
  (short: string, long: readonly string[] = []): Writer =>
  (args) => ({ paths: readArguments(args, { short, long }).operands })

/** Where `mv`, `cp`, `install` and `ln` put their sources. */
function destinations(sources: readonly Word[], target: Word, isFolder: (path: string) => boolean): Word[] {
  if (target === null) return [null]
  const isInto = sources.length > 1 || target.endsWith('/') || isFolder(target)
  if (!isInto) return [target]
  return sources.map((source) => (source === null ? null : inside(target, source)))
}

interface CopyShape {
  short: string
  long: readonly string[]
  takesSources: boolean
}

function copier({ short, long, takesSources }: CopyShape): Writer {
  return (args, isFolder) => {
    const { operands, options } = readArguments(args, {
      short: `tS${short}`,
      long: ['target-directory', 'suffix', ...long],
    })
    const folder = options.get('t') ?? options.get('target-directory')
    const toFile = options.has('T') || options.has('no-target-directory')
    const isInto = options.has('t') || options.has('target-directory')
    const sources = isInto ? operands : operands.slice(0, -1)
    const target = isInto ? (folder ?? null) : operands.at(-1)
    if (target === undefined || sources.length === 0) return { paths: [] }
    const ends = destinations(sources, target, toFile ? () => false : isInto ? () => true : isFolder)
    return { paths: takesSources ? [...sources, ...ends] : ends }
  }
}

function link(args: readonly Word[], isFolder: (path: string) => boolean): Writes {
  const { operands } = readArguments(args, { short: 'tS', long: ['target-directory', 'suffix'] })
  const only = operands[0]
  if (operands.length === 1 && !args.some((arg) => arg?.startsWith('-t') || arg?.startsWith('--target')))
    return { paths: [only === undefined || only === null ? null : nameOf(only)] }
  return copier({ short: '', long: [], takesSources: false })(args, isFolder)
}

function install(args: readonly Word[], isFolder: (path: string) => boolean): Writes {
  const shape = { short: 'gmo', long: ['group', 'mode', 'owner', 'strip-program'] }
  const { options } = readArguments(args, { short: `tS${shape.short}`, long: shape.long })
  if (options.has('d') || options.has('directory')) return { paths: [] }
  return copier({ ...shape, takesSources: false })(args, isFolder)
}

/** Both spellings: GNU's `-i[SUFFIX]` and BSD's `-i SUFFIX`, which an empty word or one like `.bak` gives away. */
function streamEditor(args: readonly Word[]): Writes {
  const rest = args.filter((arg, index) => {
    const before = args[index - 1]
    const isSuffix = arg === '' || (arg !== null && /^\.[\w~]+$/.test(arg))
    return !(before !== undefined && before !== null && /^-[A-Za-z]*i$/.test(before) && isSuffix)
  })
  let isInPlace = false
  const cut = rest.map((arg) => {
    if (arg === null || !/^-[a-zA-Z]/.test(arg)) return arg
    const cluster = /^-([EnrsuzaH]*)([iI])/.exec(arg)
    if (cluster === null) return arg
    isInPlace = true
    return cluster[1] === '' ? '-s' : `-${cluster[1]}`
  })
  const { operands, options } = readArguments(cut, {
    short: 'efl',
    long: ['expression', 'file', 'line-length'],
  })
  if (!isInPlace && !options.has('in-place')) return { paths: [] }
  const hasScript = ['e', 'f', 'expression', 'file'].some((name) => options.has(name))
  return { paths: hasScript ? operands : operands.slice(1) }
}

/** Options of perl that take the rest of their word. */
const PERL_GREEDY = 'MmxC0lDdFV'

function perl(args: readonly Word[]): Writes {
  let isInPlace = false
  let hasScript = false
  let index = 0
  for (; index < args.length; index++) {
    const arg = args[index] as Word
    if (arg === null || !arg.startsWith('-') || arg === '-') break
    if (arg === '--') {
      index++
      break
    }
    for (let at = 1; at < arg.length; at++) {
      const letter = arg[at] as string
      const isLast = at === arg.length - 1
      if (letter === 'i') isInPlace = true
      if (letter === 'e' || letter === 'E') hasScript = true
      if ('eEI'.includes(letter) && isLast) index++
      // numbers follow `0` and `l`, other letters after them are options again
      if ('0l'.includes(letter)) {
        while (/[\da-fxA-F]/.test(arg[at + 1] ?? '') && /\d/.test(arg[at + 1] ?? '')) at++
        continue
      }
      if (letter === 'i' || 'eEI'.includes(letter) || PERL_GREEDY.includes(letter)) break
    }
  }
  const operands = args.slice(index)
  return { paths: isInPlace ? (hasScript ? operands : operands.slice(1)) : [] }
}

function copyBlocks(args: readonly Word[]): Writes {
  const out = args.filter((arg) => arg?.startsWith('of=') === true)
  return { paths: out.map((arg) => (arg as string).slice('of='.length)), unread: args.includes(null) }
}

const OPAQUE: Writer = () => ({ paths: [], unread: true })

function find(args: readonly Word[]): Writes {
  return { paths: [], unread: args.some((arg) => arg === null || /^-(delete|exec|ok|fprint|fls)/.test(arg)) }
}

/** The programs whose writes are read from their arguments. */
export const WRITERS: ReadonlyMap<string, Writer> = new Map<string, Writer>([
  ['tee', every('')],
  ['rm', every('')],
  ['unlink', every('')],
  ['truncate', every('sr', ['size', 'reference'])],
  ['touch', every('drt', ['date', 'reference', 'time'])],
  ['mv', copier({ short: '', long: [], takesSources: true })],
  ['cp', copier({ short: '', long: [], takesSources: false })],
  ['install', install],
  ['ln', link],
  ['sed', streamEditor],
  ['gsed', streamEditor],
  ['perl', perl],
  ['dd', copyBlocks],
  ['find', find],
  ['xargs', OPAQUE],
  ['parallel', OPAQUE],
  ['source', OPAQUE],
  ['.', OPAQUE],
  ['patch', OPAQUE],
  ['rsync', OPAQUE],
  ['ed', OPAQUE],
  ['ex', OPAQUE],
])

/** How a target is named in what the model reads. */
export function writerLabel(program: string): string {
  return program === 'sed' || program === 'gsed' || program === 'perl'
    ? `${program} -i`
    : program === 'dd'
      ? 'dd of='
      : program
}
