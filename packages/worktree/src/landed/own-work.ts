import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CommitGraph } from './graph.js'

/** What a branch's reflog tells about where the branch began and which commits were made on it. */
export interface BranchStory {
  /** The commit it was created at; `null` when the reflog no longer goes back that far. */
  createdAt: string | null
  /** Values the branch took by work on it, not by being moved onto commits that were there. */
  made: string[]
  /** The oldest value that the reflog still knows. */
  oldest: string
}

const ENTRY = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) [^\t]*(?:\t(.*))?$/
const MOVED =
  /^(branch: |Branch: |reset: |clone: |fetch\b|checkout: )|^(merge|pull)\b.*: Fast-forward( \(no commit created; -m option ignored\))?$/
const CREATED = /^branch: Created from /

/** A rebase that had nothing of its own to replay ends on the very commit that it was asked to go onto. */
function isEmptyRebase(message: string, value: string): boolean {
  return /\b(finish\)|finished): /.test(message) && message.endsWith(` onto ${value}`)
}

function readReflog(commonDir: string, branch: string): string | null {
  if (!/^refs\/[^\0]+$/.test(branch) || branch.split('/').some((part) => part === '..' || part === ''))
    return null
  const path = join(commonDir, 'logs', ...branch.split('/'))
  try {
    // anything but a plain file is not git's, and reading a pipe would wait for ever
    return lstatSync(path).isFile() ? readFileSync(path, 'utf8') : null
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw error
  }
}

/** The story of a branch (full ref), or `null` when it has no reflog. */
export function branchStory(commonDir: string, branch: string): BranchStory | null {
  const entries: { from: string; to: string; message: string }[] = []
  for (const line of (readReflog(commonDir, branch) ?? '').split('\n')) {
    const match = ENTRY.exec(line)
    if (match !== null) entries.push({ from: match[1] ?? '', to: match[2] ?? '', message: match[3] ?? '' })
  }
  const first = entries[0]
  if (first === undefined) return null
  const isBirth = /^0+$/.test(first.from)
  const made = entries
    .filter(({ from, to, message }) => from !== to && !MOVED.test(message) && !isEmptyRebase(message, to))
    .map(({ to }) => to)
  return {
    createdAt: CREATED.test(first.message) ? first.to : null,
    made,
    oldest: isBirth ? first.to : first.from,
  }
}

export interface WorkQuestion {
  tip: number
  /** The commit recorded at creation. */
  base: number | null
  story: BranchStory | null
}

/** Where a branch began: the recorded commit, else what its reflog says. */
export function startOf(graph: CommitGraph, question: WorkQuestion): number | null {
  if (question.base !== null) return question.base
  const created = question.story?.createdAt ?? null
  return created === null ? null : (graph.number(created) ?? null)
}

/** Does the branch hold a commit that was made on it? `unknown` when neither a recorded base nor the reflog can tell. */
export function ownWork(graph: CommitGraph, question: WorkQuestion): 'some' | 'none' | 'unknown' {
  const start = startOf(graph, question)
  if (start === question.tip) return 'none'
  const held = graph.reach(question.tip)
  const given = start === null ? null : graph.reach(start)
  if (given?.[question.tip] === 1) return 'none'
  if (question.story !== null) {
    const made = question.story.made.map((id) => graph.number(id))
    if (made.some((n) => n !== undefined && held[n] === 1 && given?.[n] !== 1)) return 'some'
    return start === null ? 'unknown' : 'none'
  }
  return start === null ? 'unknown' : 'some'
}
