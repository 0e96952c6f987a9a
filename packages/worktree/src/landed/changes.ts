import { createHash } from 'node:crypto'
import type { ObjectView } from './view.js'

/** Two trees, as the change from one to the other. */
export interface TreeStep {
  before: string
  after: string
}

/** What a change does to one file: lines and facts (mode, blob of a binary file) taken away and put there. */
export interface FileChange {
  path: string
  minus: string[]
  plus: string[]
  hunks: { minus: string[]; plus: string[] }[]
}

/**
 * The identity of a change, and of the change that takes it back. Like a patch id it knows no line numbers, and unlike one it knows no
 * context lines either (a squash onto a target that went on has others) but every byte of white space, every mode and every binary blob.
 * Where in a file the lines went is not part of it: an equal key is a candidate, which a merge has to confirm.
 */
export interface ChangeKey {
  key: string
  inverse: string
}

const FLAGS = [
  '-r',
  '--no-renames',
  '--no-ext-diff',
  '--no-textconv',
  '--submodule=short',
  '--ignore-submodules=none',
]

function stepInput(steps: readonly TreeStep[]): string {
  return steps.map(({ before, after }) => `${before} ${after}\n`).join('')
}

/** One path of a step: what it was and what it became; the mode is `000000` where there was nothing. */
export interface PathChange {
  path: string
  before: { mode: string; id: string }
  after: { mode: string; id: string }
}

/** The paths that each step touches, in git's order. No file content is read. */
export async function changedPaths(view: ObjectView, steps: readonly TreeStep[]): Promise<PathChange[][]> {
  if (steps.length === 0) return []
  const args = ['diff-tree', '--stdin', '--raw', '-z', '--no-abbrev', ...FLAGS]
  const { stdout } = await view.run(args, { input: stepInput(steps) })
  const text = stdout.toString('latin1')
  const all: PathChange[][] = []
  let at = 0
  while (at < text.length) {
    if (text[at] === ':') {
      const meta = text.indexOf('\0', at)
      const end = text.indexOf('\0', meta + 1)
      const [oldMode = '', mode = '', oldId = '', id = ''] = text.slice(at + 1, meta).split(' ')
      const path = text.slice(meta + 1, end)
      all.at(-1)?.push({ path, before: { mode: oldMode, id: oldId }, after: { mode, id } })
      at = end + 1
    } else {
      all.push([])
      at = text.indexOf('\n', at) + 1
    }
  }
  return all
}

const FACT = /^(old mode|deleted file mode|new mode|new file mode) (\d+)$/
const BINARY_INDEX = /^index ([0-9a-f]+)\.\.([0-9a-f]+)/
const HUNK = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/

/** Reads `diff-tree --stdin -p -U0` output, counting hunk lines so that no content can pass for a header. */
class PatchReader {
  readonly steps: FileChange[][] = []
  #lines: string[]
  #at = 0
  #file: FileChange | undefined
  #index = ''

  constructor(text: string) {
    this.#lines = text.split('\n')
  }

  read(): FileChange[][] {
    for (; this.#at < this.#lines.length - 1; this.#at += 1) this.#line(this.#lines[this.#at] ?? '')
    return this.steps
  }

  #line(line: string): void {
    const hunk = HUNK.exec(line)
    const fact = FACT.exec(line)
    if (/^[0-9a-f]{40,64} [0-9a-f]{40,64}$/.test(line)) {
      this.steps.push([])
    } else if (line.startsWith('diff --git ')) {
      this.#file = { path: line.slice('diff --git '.length), minus: [], plus: [], hunks: [] }
      this.steps.at(-1)?.push(this.#file)
    } else if (hunk !== null) {
      this.#hunk(Number(hunk[1] ?? 1), Number(hunk[2] ?? 1))
    } else if (fact !== null) {
      const side = /^(old|deleted)/.test(fact[1] ?? '') ? this.#file?.minus : this.#file?.plus
      side?.push(`mode ${fact[2]}`)
    } else if (line.startsWith('index ')) {
      this.#index = line
    } else if (line.startsWith('Binary files ')) {
      const ids = BINARY_INDEX.exec(this.#index)
      this.#file?.minus.push(`blob ${ids?.[1]}`)
      this.#file?.plus.push(`blob ${ids?.[2]}`)
    }
  }

  #hunk(minusCount: number, plusCount: number): void {
    const hunk = { minus: this.#take(minusCount), plus: this.#take(plusCount) }
    this.#file?.hunks.push(hunk)
    this.#file?.minus.push(...hunk.minus)
    this.#file?.plus.push(...hunk.plus)
  }

  #take(count: number): string[] {
    const lines: string[] = []
    for (let i = 0; i < count; i += 1) {
      this.#at += 1
      lines.push(`=${(this.#lines[this.#at] ?? '').slice(1)}`)
    }
    if (this.#lines[this.#at + 1]?.startsWith('\\') && lines.length > 0) {
      this.#at += 1
      lines.push(`${lines.pop()}\\`)
    }
    return lines
  }
}

/** Each step as changes of files, line by line without context. */
export async function fileChanges(view: ObjectView, steps: readonly TreeStep[]): Promise<FileChange[][]> {
  if (steps.length === 0) return []
  const args = ['diff-tree', '--stdin', '-p', '-U0', '--inter-hunk-context=0']
  const style = [
    '--full-index',
    '--diff-algorithm=myers',
    '--no-indent-heuristic',
    '--src-prefix=a/',
    '--dst-prefix=b/',
  ]
  const { stdout } = await view.run([...args, ...style, '--no-color', ...FLAGS], { input: stepInput(steps) })
  return new PatchReader(stdout.toString('latin1')).read()
}

function digest(sides: readonly [path: string, minus: string[], plus: string[]][]): string {
  return createHash('sha256').update(JSON.stringify(sides)).digest('base64')
}

/** The identity of a change that was read line by line. */
export function changeKey(files: readonly FileChange[]): ChangeKey {
  const byPath = new Map<string, [path: string, minus: string[], plus: string[]]>()
  for (const { path, minus, plus } of files) {
    const entry = byPath.get(path) ?? [path, [], []]
    entry[1].push(...minus)
    entry[2].push(...plus)
    byPath.set(path, entry)
  }
  const sides = [...byPath.values()].toSorted(([a], [b]) => (a < b ? -1 : 1))
  for (const [, minus, plus] of sides) {
    minus.sort()
    plus.sort()
  }
  return {
    key: digest(sides),
    inverse: digest(sides.map(([path, minus, plus]) => [path, plus, minus])),
  }
}
