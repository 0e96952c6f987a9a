/** One place of a segment: a character, any character, any run of characters, or one of a set. */
type Token =
  | { kind: 'char'; code: number }
  | { kind: 'any' }
  | { kind: 'run' }
  | { kind: 'set'; negated: boolean; ranges: readonly (readonly [number, number])[] }

/** What one `/`-separated part of a pattern means. */
export type Segment =
  | { kind: 'text'; text: string }
  | { kind: 'wild'; tokens: readonly Token[] }
  /** `**`: any number of segments, none included. */
  | { kind: 'deep' }

/** A pattern as its alternatives, braces expanded. */
export type Pattern = readonly (readonly Segment[])[]

const DEEP: Segment = { kind: 'deep' }
const MAX_LENGTH = 4096
const MAX_ALTERNATIVES = 256
const DASH = 0x2d

/** `**` that shares its segment with braces: by some readings it is one `*`, by others any number of segments. */
const UNCLEAR = /\*\*\{|\}\*\*|[{,]\*\*[^,}/]|[^{,/]\*\*[,}]/

/** True when the text holds a character that is not meant literally. */
export function hasMagic(text: string): boolean {
  return /[*?[{\\]|[@!+]\(/.test(text)
}

/** The pattern that means exactly this text. */
export function literalPattern(path: string): Pattern {
  return [path.split('/').map((text): Segment => ({ kind: 'text', text }))]
}

/** Writes a path so that a pattern means it literally. */
export function escapePattern(path: string): string {
  return path.replace(/[*?[\]{}\\!]/g, String.raw`\$&`)
}

/** Reads a pattern: `*`, `**`, `?`, `[…]`, `{…}` and `\` before what is meant literally. `null` when it means something else. */
export function readPattern(text: string): Pattern | null {
  if (text.length > MAX_LENGTH || text.startsWith('!') || /(^|[^\\])[@!+*?]\(/.test(text)) return null
  if (text.includes('{') && UNCLEAR.test(text)) return null
  const alternatives = expandBraces(text)
  if (alternatives === null) return null
  const pattern: (readonly Segment[])[] = []
  for (const alternative of alternatives) {
    const segments = readSegments(alternative)
    if (segments === null) return null
    pattern.push(segments)
  }
  return pattern
}

/** The index after the character or escape at `at`. */
function after(text: string, at: number): number {
  return text[at] === '\\' ? at + 2 : at + 1
}

interface Group {
  end: number
  parts: string[]
}

/** The group that opens at `open`, or `null` when it never closes. */
function readGroup(text: string, open: number): Group | null {
  const parts: string[] = []
  let depth = 0
  let from = open + 1
  for (let at = open; at < text.length; at = after(text, at)) {
    const here = text[at]
    if (here === '{') depth += 1
    if (here === ',' && depth === 1) {
      parts.push(text.slice(from, at))
      from = at + 1
    }
    if (here !== '}') continue
    depth -= 1
    if (depth === 0) return { end: at + 1, parts: [...parts, text.slice(from, at)] }
  }
  return null
}

function expandBraces(text: string): string[] | null {
  for (let at = 0; at < text.length; at = after(text, at)) {
    if (text[at] !== '{') continue
    const group = readGroup(text, at)
    // which of its braces would be meant literally is not clear
    if (group === null) return text.indexOf('}', at) === -1 ? [text] : null
    const tails = expandBraces(text.slice(group.end))
    const heads = groupTexts(group)
    if (tails === null || heads === null || heads.length * tails.length > MAX_ALTERNATIVES) return null
    const before = text.slice(0, at)
    return heads.flatMap((head) => tails.map((tail) => before + head + tail))
  }
  return [text]
}

function groupTexts(group: Group): string[] | null {
  const [only = ''] = group.parts
  if (group.parts.length === 1) {
    // a range stands for a text of its own kind; a group of one is no group, its braces are meant
    if (only.includes('..')) return ['*']
    return expandBraces(only)?.map((inner) => String.raw`\{${inner}\}`) ?? null
  }
  const texts: string[] = []
  for (const part of group.parts) {
    const expanded = expandBraces(part)
    if (expanded === null) return null
    texts.push(...expanded)
    if (texts.length > MAX_ALTERNATIVES) return null
  }
  return texts
}

function readSegments(text: string): Segment[] | null {
  const segments: Segment[] = []
  for (const part of text.split('/')) {
    if (part === '') continue
    if (/^\*{2,}$/.test(part)) {
      segments.push(DEEP)
      continue
    }
    // `**/*` is `**`: that the folder itself is then meant as well does no harm
    if (part === '*' && segments.at(-1) === DEEP) continue
    const segment = readSegment(part)
    if (segment === null) return null
    segments.push(segment)
  }
  return segments
}

function readSegment(part: string): Segment | null {
  const tokens: Token[] = []
  for (let at = 0; at < part.length; ) {
    const token = readToken(part, at)
    if (token === null) return null
    tokens.push(token.token)
    at = token.end
  }
  const codes = tokens.flatMap((token) => (token.kind === 'char' ? [token.code] : []))
  const isText = codes.length === tokens.length
  return isText ? { kind: 'text', text: codes.map(charOf).join('') } : { kind: 'wild', tokens }
}

function readToken(part: string, at: number): { token: Token; end: number } | null {
  switch (part[at]) {
    case '*':
      return { token: { kind: 'run' }, end: at + 1 }
    case '?':
      return { token: { kind: 'any' }, end: at + 1 }
    case '[':
      return readSet(part, at)
    case '\\':
      // at the end of a segment it would hide the slash
      return at + 1 < part.length ? char(part, at + 1) : null
    default:
      return char(part, at)
  }
}

/** A character is a code point: `?` means one of two UTF-16 units as well. */
function codeAt(text: string, at: number): number {
  return text.codePointAt(at) as number
}

function charOf(code: number): string {
  return String.fromCodePoint(code)
}

function char(part: string, at: number): { token: Token; end: number } {
  const code = codeAt(part, at)
  return { token: { kind: 'char', code }, end: at + charOf(code).length }
}

/** `[…]`. A bracket that never closes in its segment could mean two things, so the whole pattern is not understood. */
function readSet(part: string, open: number): { token: Token; end: number } | null {
  const negated = part[open + 1] === '!' || part[open + 1] === '^'
  const from = open + (negated ? 2 : 1)
  const close = part.indexOf(']', from + 1)
  if (close === -1) return null
  const inner = part.slice(from, close)
  const end = close + 1
  // classes like [:alpha:], escapes and nested brackets: some character, whichever
  if (/[[\\]/.test(inner)) return { token: { kind: 'any' }, end }
  const ranges: (readonly [number, number])[] = []
  const codes = Array.from(inner, (one) => codeAt(one, 0))
  for (let at = 0; at < codes.length; ) {
    const first = codes[at] as number
    const last = codes[at + 1] === DASH ? codes[at + 2] : undefined
    ranges.push([first, last ?? first])
    at += last === undefined ? 1 : 3
  }
  return { token: { kind: 'set', negated, ranges }, end }
}

/** True when one text exists that both segments mean; when in doubt, true. */
export function segmentsMeet(a: Segment, b: Segment): boolean {
  if (a.kind === 'deep' || b.kind === 'deep') return true
  if (a.kind === 'text' && b.kind === 'text') return a.text === b.text
  return product(tokensOf(a), tokensOf(b), {
    isRun: (token) => token.kind === 'run',
    meet: tokensMeet,
  })
}

/** True when one path exists that both alternatives mean. */
export function alternativesMeet(a: readonly Segment[], b: readonly Segment[]): boolean {
  // up to the first `**` there is one way to walk, and most pairs part on it
  let at = 0
  for (; at < a.length && at < b.length; at++) {
    const [one, other] = [a[at] as Segment, b[at] as Segment]
    if (one.kind === 'deep' || other.kind === 'deep') break
    if (!segmentsMeet(one, other)) return false
  }
  const rest = { a: a.slice(at), b: b.slice(at) }
  return product(rest.a, rest.b, { isRun: (segment) => segment.kind === 'deep', meet: segmentsMeet })
}

function tokensOf(segment: Segment): readonly Token[] {
  if (segment.kind === 'wild') return segment.tokens
  if (segment.kind === 'deep') return [{ kind: 'run' }]
  return Array.from(segment.text, (one): Token => ({ kind: 'char', code: codeAt(one, 0) }))
}

function tokensMeet(a: Token, b: Token): boolean {
  if (a.kind === 'char' && b.kind === 'char') return a.code === b.code
  if (a.kind === 'char' && b.kind === 'set') return holds(b, a.code)
  if (a.kind === 'set' && b.kind === 'char') return holds(a, b.code)
  if (a.kind === 'set' && b.kind === 'set' && !a.negated && !b.negated) {
    return a.ranges.some(([from, to]) => b.ranges.some(([low, high]) => from <= high && low <= to))
  }
  return true
}

function holds(set: Token & { kind: 'set' }, code: number): boolean {
  return set.ranges.some(([from, to]) => from <= code && code <= to) !== set.negated
}

/**
 * Walks two sequences at once, where a run stands for any number of the other's places: the product of their two automata,
 * row by row, so that the work is at most the product of their lengths.
 */
function product<T>(
  a: readonly T[],
  b: readonly T[],
  rules: { isRun(place: T): boolean; meet(a: T, b: T): boolean },
): boolean {
  let row: boolean[] = []
  for (let i = a.length; i >= 0; i--) {
    const below = row
    const here: boolean[] = []
    const atA = a[i]
    for (let j = b.length; j >= 0; j--) {
      const atB = b[j]
      const runA = atA !== undefined && rules.isRun(atA)
      const runB = atB !== undefined && rules.isRun(atB)
      if (atA === undefined && atB === undefined) here[j] = true
      else if (runA || runB) {
        // the run takes one more place of the other, or it is over
        here[j] = (atA !== undefined && below[j] === true) || (atB !== undefined && here[j + 1] === true)
      } else {
        here[j] = atA !== undefined && atB !== undefined && below[j + 1] === true && rules.meet(atA, atB)
      }
    }
    row = here
  }
  return row[0] === true
}
