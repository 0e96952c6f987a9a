import { join } from 'node:path'
import { setProcessEnv, type TempRepo, tempRepo } from '@pcc/test-kit'
import { expect, onTestFinished, test } from 'vitest'
import { type CommitGraph, readGraph } from '../../src/landed/graph.js'
import { openObjectView } from '../../src/landed/view.js'

async function graphOf(repo: TempRepo, names: readonly string[]): Promise<CommitGraph> {
  setProcessEnv(repo.env)
  const view = openObjectView({ commonDir: join(repo.root, '.git'), format: 'sha1' })
  onTestFinished(() => view.close())
  return readGraph(
    view,
    names.map((name) => repo.git('rev-parse', name)),
  )
}

/** Many merges between three branches, by a fixed rule. */
function tangle(): TempRepo {
  const repo = tempRepo()
  for (const name of ['x', 'y']) repo.git('branch', name)
  const names = ['main', 'x', 'y']
  for (let i = 0; i < 24; i += 1) {
    repo.git('checkout', '-q', names[(i * 7 + (i >> 2)) % 3] as string)
    if (i % 3 === 2) repo.git('merge', '-q', '-m', `merge ${i}`, names[(i * 5) % 3] as string)
    else repo.commit(`commit ${i}`, { [`file-${i}.txt`]: `${i}\n` })
  }
  repo.git('checkout', '-q', 'x')
  const x = repo.commit('x before the criss-cross')
  repo.git('checkout', '-q', 'main')
  const main = repo.commit('main before the criss-cross')
  repo.git('merge', '-q', '-m', 'one way', x)
  repo.git('checkout', '-q', 'x')
  repo.git('merge', '-q', '--no-ff', '-m', 'other way', main)
  return repo
}

test('merge bases, counts and containment agree with git on a tangled history, whatever else bounds the graph', async () => {
  const repo = tangle()
  const all = repo.git('rev-list', '--all').split('\n')
  let severalBases = 0
  for (const bounds of [
    ['main', 'x', 'y'],
    ['main', 'x', 'y', all.at(-1) as string],
  ]) {
    const graph = await graphOf(repo, bounds)
    for (const [one, other] of [
      ['main', 'x'],
      ['x', 'y'],
      ['y', 'main'],
      ['x', 'main'],
    ] as const) {
      const [a, b] = [one, other].map((name) => graph.number(repo.git('rev-parse', name)) as number) as [
        number,
        number,
      ]
      const { commits, feet } = graph.beyond(a, graph.reach(b))
      const bases = repo.git('merge-base', '--all', one, other).split('\n')
      severalBases += bases.length > 1 ? 1 : 0
      expect(feet.map((n) => graph.ids[n]).toSorted()).toEqual(bases.toSorted())
      expect(commits.length).toBe(Number(repo.git('rev-list', '--count', `${other}..${one}`)))
      const chain = repo.git('rev-list', '--first-parent', one).split('\n')
      const known = graph.firstParents(a).map((n) => graph.ids[n])
      expect(known).toEqual(chain.slice(0, known.length))
      const containing = graph.containing(feet[0] as number)
      expect([containing[a], containing[b]]).toEqual([1, 1])
    }
  }
  expect(severalBases).toBeGreaterThan(0)
})

test('unrelated histories are read down to their roots and have nothing in common', async () => {
  const repo = tempRepo()
  repo.git('checkout', '-q', '--orphan', 'alone')
  repo.commit('alone')
  const graph = await graphOf(repo, ['main', 'alone'])
  const [main, alone] = ['main', 'alone'].map(
    (name) => graph.number(repo.git('rev-parse', name)) as number,
  ) as [number, number]
  expect(graph.beyond(alone, graph.reach(main))).toEqual({ commits: [alone], feet: [] })
  expect(graph.isPlain(alone)).toBe(true)
})
