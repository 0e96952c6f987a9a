import type { ClaimRecord } from '@pcc/store/hot'
import { alternativesMeet, escapePattern, literalPattern, type Pattern, readPattern } from './globs.js'

const MAX_KNOWN = 20_000
const known = new Map<string, Pattern | null>()

let latest: { path: string; pattern: Pattern } = { path: '', pattern: literalPattern('') }

/** Patterns are asked about again and again, by every check. */
function patternOf(glob: string): Pattern | null {
  let pattern = known.get(glob)
  if (pattern === undefined) {
    pattern = readPattern(glob)
    if (known.size >= MAX_KNOWN) known.clear()
    known.set(glob, pattern)
  }
  return pattern
}

function patternsMeet(a: Pattern | null, b: Pattern | null): boolean {
  if (a === null || b === null) return true
  return a.some((one) => b.some((other) => alternativesMeet(one, other)))
}

/**
 * True when there can be a path that both globs mean. Symmetric, and never false for two that do meet: what cannot be told
 * counts as meeting.
 */
export function globsOverlap(a: string, b: string): boolean {
  return a === b || patternsMeet(patternOf(a), patternOf(b))
}

/** True when the claim is on this path. */
export function claimCovers(claim: Pick<ClaimRecord, 'path' | 'isGlob'>, path: string): boolean {
  if (!claim.isGlob) return claim.path === path
  // one path is asked about for many claims in a row
  if (latest.path !== path) latest = { path, pattern: literalPattern(path) }
  return patternsMeet(patternOf(claim.path), latest.pattern)
}

/** True when two paths, either of which may be a glob, can mean the same file. */
export function pathsMeet(
  a: Pick<ClaimRecord, 'path' | 'isGlob'>,
  b: Pick<ClaimRecord, 'path' | 'isGlob'>,
): boolean {
  if (!b.isGlob) return claimCovers(a, b.path)
  if (!a.isGlob) return claimCovers(b, a.path)
  return globsOverlap(a.path, b.path)
}

/** The glob that means a folder and everything in it. */
export function folderPattern(path: string): string {
  return `${escapePattern(path)}/**`
}

/** True when the glob is one that claims can be made on. */
export function isReadable(glob: string): boolean {
  return patternOf(glob) !== null
}

/** Texts of which every path that the glob means begins with one. */
export function prefixesOf(glob: string): string[] {
  const pattern = patternOf(glob)
  if (pattern === null) return ['']
  return [...new Set(pattern.map(literalStart))]
}

function literalStart(segments: Pattern[number]): string {
  const texts: string[] = []
  for (const segment of segments) {
    if (segment.kind !== 'text') break
    texts.push(segment.text)
  }
  return texts.join('/')
}

/** True when the glob means every file there is. */
export function meansEverything(glob: string): boolean {
  return patternOf(glob)?.some((segments) => segments.every(isWide)) ?? false
}

function isWide(segment: Pattern[number][number]): boolean {
  if (segment.kind !== 'wild') return segment.kind === 'deep'
  // `?*` is every name too
  const [runs, others] = [
    segment.tokens.filter((it) => it.kind === 'run'),
    segment.tokens.filter((it) => it.kind !== 'run'),
  ]
  return runs.length > 0 && others.length <= 1 && others.every((it) => it.kind === 'any')
}
