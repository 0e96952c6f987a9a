import Table from 'cli-table3'
import type { Io } from '../io.js'

const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: names may hold them, and a terminal would obey
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g

/** A text from outside (a name, a path) with what a terminal would obey made visible. */
export function printable(text: string): string {
  return text.replace(CONTROL, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** Columns without borders, the heading first. On a terminal each row is kept on one line by cutting the last column. */
export function table(io: Io, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(printable))
  const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)))
  const others = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0)
  const room = io.columns === undefined ? Number.POSITIVE_INFINITY : Math.max(10, io.columns - others)
  const grid = new Table({
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  for (const row of cells) {
    const last = row.at(-1) ?? ''
    grid.push([...row.slice(0, -1), last.length > room ? `${last.slice(0, room - 1)}…` : last])
  }
  return grid
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}
