import { chmodSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { restoreRemoval } from '../../src/removals.js'
import { ACTOR, addTree, DISCARD_ALL, type Ground, ground, remove, snapshot, type Tree } from './ground.js'

const DEEP = process.env['PCC_DEEP'] === '1'

const NAMES = [
  'a',
  'b',
  'sub/c',
  'sub/deep/d',
  ' space ',
  'new\nline',
  'quote"\'',
  '-dash',
  'ünï',
  '.hidden',
  'glob*[x]',
  'e\\f',
]

type Act =
  | { kind: 'write'; name: string; text: string }
  | { kind: 'link'; name: string; target: string }
  | { kind: 'mode'; name: string; mode: number }
  | { kind: 'delete'; name: string }
  | { kind: 'stage'; name: string }
  | { kind: 'intend'; name: string }
  | { kind: 'unstage'; name: string }
  | { kind: 'commit' }
  | { kind: 'amend' }
  | { kind: 'reset' }
  | { kind: 'detach' }
  | { kind: 'stash' }

const name = fc.constantFrom(...NAMES)
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('write' as const), name, text: fc.string({ maxLength: 30 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('link' as const),
      name,
      target: fc.constantFrom('a', '..', '/no/where'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('mode' as const),
      name,
      mode: fc.constantFrom(0o600, 0o755, 0o644),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('delete' as const, 'intend' as const, 'unstage' as const),
      name,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('stage' as const), name }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('commit' as const, 'amend' as const, 'reset' as const) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('detach' as const, 'stash' as const) }) },
)

function present(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

const GIT: Partial<Record<Act['kind'], (pathspec: string) => string[]>> = {
  stage: (path) => ['add', '-A', '-f', '--', path],
  intend: (path) => ['add', '-N', '-f', '--', path],
  unstage: (path) => ['reset', '-q', '--', path],
  commit: () => ['commit', '-q', '--allow-empty', '-m', 'some work'],
  amend: () => ['commit', '-q', '--amend', '--allow-empty', '-m', 'better work'],
  reset: () => ['reset', '-q', '--soft', 'HEAD~1'],
  detach: () => ['checkout', '-q', '--detach'],
  stash: () => ['stash', '-q'],
}

function perform(on: Ground, tree: Tree, step: Act): void {
  const path = 'name' in step ? join(tree.path, step.name) : tree.path
  if (step.kind === 'write' || step.kind === 'link') {
    rmSync(path, { recursive: true, force: true })
    mkdirSync(dirname(path), { recursive: true })
    if (step.kind === 'write') writeFileSync(path, step.text)
    else symlinkSync(step.target, path)
  } else if (step.kind === 'mode') {
    if (present(path) && lstatSync(path).isFile()) chmodSync(path, step.mode)
  } else if (step.kind === 'delete') rmSync(path, { recursive: true, force: true })
  else {
    try {
      on.git.gitIn(tree.path, ...GIT[step.kind]!('name' in step ? `:(literal)${step.name}` : ''))
    } catch {
      // git may refuse a step in this state; the state is as good a one as any
    }
  }
}

it(
  'whatever a tree is like, removing it with every word and restoring it changes nothing',
  async () => {
    const cases = fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 14 }), async (acts) => {
      const on = await ground({
        'README.md': 'hello\n',
        '.gitignore': 'ignored*\n',
        a: 'first\n',
        'sub/c': 'c\n',
      })
      const tree = addTree(on)
      for (const step of acts) perform(on, tree, step)
      const head = on.git.gitIn(tree.path, 'rev-parse', '--abbrev-ref', 'HEAD')
      const branch = head === 'HEAD' ? null : tree.branch
      const before = snapshot(on, { ...tree, branch })
      const outcome = await remove(on, tree.path, { gate: { discard: DISCARD_ALL } })
      expect(outcome).toMatchObject({ outcome: 'removed' })
      on.git.git(
        '-c',
        'gc.reflogExpire=never',
        '-c',
        'gc.reflogExpireUnreachable=now',
        'gc',
        '--quiet',
        '--prune=now',
      )
      await restoreRemoval(on.repo, 'r1', ACTOR)
      expect(snapshot(on, { ...tree, branch })).toEqual(before)
      on.git.git('fsck', '--strict', '--no-dangling')
    })
    await fc.assert(cases, { numRuns: DEEP ? 300 : 8 })
  },
  DEEP ? 1_800_000 : 120_000,
)
