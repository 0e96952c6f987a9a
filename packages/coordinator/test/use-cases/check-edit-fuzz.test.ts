import { mkdirSync, symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openHotCoordinator } from '../../src/hot-coordinator.js'
import { checkEdit } from '../../src/use-cases/check-edit.js'
import { claimPaths } from '../../src/use-cases/claim-paths.js'
import { bench } from '../open.js'

const ROUNDS = process.env['PCC_DEEP'] === '1' ? 10_000 : 1000

/** The same numbers at every run. */
function dice(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

test('random payloads never fail, and every spelling of a path gets one verdict', async () => {
  const it = await bench({ files: { 'src/a.ts': 'a\n', 'src/deep/b.ts': 'b\n', 'c d.ts': 'c\n' } })
  const a = await it.start({ name: 'ann' })
  const b = await it.start({ name: 'bob' })
  const deps = await openHotCoordinator({ env: it.env })
  onTestFinished(() => deps.close())
  const paths = ['src/deep/b.ts', 'lib/*.js']
  const held = {
    session: a.sessionId,
    directory: a.worktreePath,
    pid: a.process.pid,
    paths,
    mode: 'exclusive',
  } as const
  expect((await claimPaths(deps, held)).outcome).toBe('granted')
  const tree = b.worktreePath
  mkdirSync(join(tree, 'lib'))
  symlinkSync('src/deep', join(tree, 'in'))
  symlinkSync('.', join(tree, 'self'))
  symlinkSync(it.repo.root, join(tree, 'main'))
  const roll = dice(4)
  const one = <T>(items: readonly T[]): T => items[roll(items.length)] as T

  const files = [
    'src/a.ts',
    'src/deep/b.ts',
    'c d.ts',
    'lib/x.js',
    'lib/new/y.js',
    'new.ts',
    'src/é😀.ts',
    '$HOME',
    "a'b",
  ]
  const spell = (path: string): { cwd: string; path: string } => {
    let spelt = path
    for (let turns = roll(4); turns > 0; turns--) {
      const parts = spelt.split('/')
      const at = roll(parts.length)
      parts.splice(
        at,
        0,
        one(at === 0 ? ['.', 'self', 'lib/../self/.', 'src/deep/../..'] : ['.', '', 'no-such/..']),
      )
      spelt = parts.join('/')
    }
    if (spelt.startsWith('src/deep/') && roll(2) === 0) spelt = spelt.replace('src/deep', 'in')
    const cwd = one([tree, join(tree, 'src'), join(tree, 'lib')])
    if (roll(2) === 0) return { cwd, path: `${tree}/${spelt}` }
    return { cwd, path: join(relative(cwd, tree), '.') === '.' ? spelt : `${relative(cwd, tree)}/${spelt}` }
  }
  const quoted = (path: string): string => `'${path.replaceAll("'", `'\\''`)}'`
  const ask = (cwd: string, tool: string, input: unknown): ReturnType<typeof checkEdit> =>
    checkEdit(deps, { session: b.sessionId, pid: b.process.pid, cwd, tool, input })

  const verdicts = new Map<string, string>()
  const junk = [
    null,
    undefined,
    0,
    '',
    [],
    {},
    'x',
    true,
    { file_path: {} },
    { command: 7 },
    { file_path: '\ud800' },
  ]
  for (let round = 0; round < ROUNDS; round++) {
    const file = one(files)
    const { cwd, path } = spell(file)
    const way = one(['Edit', 'Write', 'NotebookEdit', 'Bash', 'junk'])
    if (way === 'junk') {
      const verdict = await ask(
        one([cwd, '', '/', 'relative', '\0']),
        one(['Edit', 'Bash', 'Write', 'x']),
        one(junk),
      )
      expect(verdict.verdict).toBe('allow')
      continue
    }
    const command = one(['rm -f --', 'sed -i s/a/b/', 'echo >', 'git checkout --', 'tee --'])
    const input =
      way === 'Bash'
        ? { command: `${command} ${quoted(path)}` }
        : { [way === 'NotebookEdit' ? 'notebook_path' : 'file_path']: path }
    const { verdict } = await ask(cwd, way, input)
    const before = verdicts.get(file) ?? verdict
    expect([file, way, cwd, path, verdict]).toEqual([file, way, cwd, path, before])
    verdicts.set(file, verdict)
  }
  expect(Object.fromEntries(verdicts)).toMatchObject({
    'src/a.ts': 'allow',
    'src/deep/b.ts': 'deny',
    'lib/x.js': 'deny',
    'lib/new/y.js': 'allow',
  })
}, 120_000)
