import type { Word } from './words.js'

/** The options of a program that take a value, so that a value is not taken for an operand. */
export interface OptionShape {
  /** Letters of short options with a value: `-o value` or `-ovalue`. */
  short?: string
  /** Names of long options with a value: `--name value` or `--name=value`. */
  long?: readonly string[]
}

export interface Arguments {
  operands: Word[]
  /** Options by letter or name, with their last value; `''` where there is none, `null` where only the shell knows it. */
  options: ReadonlyMap<string, Word>
}

interface Reading {
  shape: OptionShape
  args: readonly Word[]
  next: number
  options: Map<string, Word>
}

function following(reading: Reading): Word {
  const value = reading.args[reading.next]
  reading.next += 1
  return value === undefined ? '' : value
}

function readLong(reading: Reading, text: string): void {
  const [, name = '', value] = /^([^=]*)(?:=([\s\S]*))?$/.exec(text) ?? []
  const takesNext = value === undefined && reading.shape.long?.includes(name) === true
  reading.options.set(name, takesNext ? following(reading) : (value ?? ''))
}

function readShort(reading: Reading, cluster: string): void {
  for (let index = 0; index < cluster.length; index++) {
    const letter = cluster[index] as string
    if (reading.shape.short?.includes(letter) !== true) {
      reading.options.set(letter, '')
      continue
    }
    const rest = cluster.slice(index + 1)
    reading.options.set(letter, rest === '' ? following(reading) : rest)
    return
  }
}

/** Tells options from operands, as getopt does: anywhere up to `--`. */
export function readArguments(args: readonly Word[], shape: OptionShape = {}): Arguments {
  const reading: Reading = { shape, args, next: 0, options: new Map() }
  const operands: Word[] = []
  while (reading.next < args.length) {
    const arg = following(reading)
    if (arg === '--') {
      operands.push(...args.slice(reading.next))
      break
    }
    if (arg?.startsWith('--') === true) readLong(reading, arg.slice(2))
    else if (arg?.startsWith('-') === true && arg !== '-') readShort(reading, arg.slice(1))
    else operands.push(arg)
  }
  return { operands, options: reading.options }
}
