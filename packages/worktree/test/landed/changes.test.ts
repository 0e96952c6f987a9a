import { chmodSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setProcessEnv, type TempRepo, tempRepo } from '@pcc/test-kit'
import { expect, onTestFinished, test } from 'vitest'
import { changedPaths, changeKey, type FileChange, fileChanges } from '../../src/landed/changes.js'
import { type ObjectView, openObjectView } from '../../src/landed/view.js'

function setUp(files: Record<string, string>): { repo: TempRepo; view: ObjectView } {
  const repo = tempRepo({ files })
  setProcessEnv(repo.env)
  const view = openObjectView({ commonDir: join(repo.root, '.git'), format: 'sha1' })
  onTestFinished(() => view.close())
  return { repo, view }
}

function stepOf(repo: TempRepo, commit = 'HEAD'): { before: string; after: string } {
  return {
    before: repo.git('rev-parse', `${commit}^^{tree}`),
    after: repo.git('rev-parse', `${commit}^{tree}`),
  }
}

async function changeOf(setup: { repo: TempRepo; view: ObjectView }, commit = 'HEAD'): Promise<FileChange[]> {
  const [change = []] = await fileChanges(setup.view, [stepOf(setup.repo, commit)])
  return change
}

test('a change is read with modes, missing final newlines, links, binary blobs and lines that look like headers', async () => {
  const setup = setUp({ 'a.txt': 'one\ntwo', 'image.bin': '\0a', 'gone.txt': 'gone\n', 'tool.sh': 'x\n' })
  const { repo } = setup
  repo.git('rm', '-q', 'gone.txt')
  chmodSync(join(repo.root, 'tool.sh'), 0o755)
  symlinkSync('a.txt', join(repo.root, 'link'))
  repo.commit('all', { 'a.txt': 'one\ntwo\n-- a/x\n@@ -1 +1 @@\n', 'image.bin': '\0b' })
  const change = await changeOf(setup)
  const blobs = ['HEAD^:image.bin', 'HEAD:image.bin'].map((name) => `blob ${repo.git('rev-parse', name)}`)
  expect(change.map(({ path, minus, plus }) => [path, minus, plus])).toEqual([
    ['a/a.txt b/a.txt', ['=two\\'], ['=two', '=-- a/x', '=@@ -1 +1 @@']],
    ['a/gone.txt b/gone.txt', ['mode 100644', '=gone'], []],
    ['a/image.bin b/image.bin', [blobs[0]], [blobs[1]]],
    ['a/link b/link', [], ['mode 120000', '=a.txt\\']],
    ['a/tool.sh b/tool.sh', ['mode 100644'], ['mode 100755']],
  ])
})

test('the key of a revert is the inverse of what it reverts, also in changed surroundings, and no other change has it', async () => {
  const setup = setUp({ 'a.txt': '1\n2\n3\n4\n5\n' })
  const { repo } = setup
  repo.commit('change', { 'a.txt': '1\n2\nthree\n4\n5\n' })
  repo.commit('context', { 'a.txt': '1\n2\nthree\n4\nfive\n' })
  repo.git('revert', '--no-edit', 'HEAD~1')
  repo.commit('white space', { 'a.txt': '1\n2\n3 \n4\nfive\n' })
  const keys = await Promise.all(
    ['HEAD~3', 'HEAD~1', 'HEAD'].map(async (name) => changeKey(await changeOf(setup, name))),
  )
  const [change, revert, other] = keys
  expect(change?.key).not.toBe(change?.inverse)
  expect(revert).toEqual({ key: change?.inverse, inverse: change?.key })
  expect([change?.key, change?.inverse]).not.toContain(other?.key)
})

test('paths come with what they were and became, and a file that turns into a link is one path', async () => {
  const setup = setUp({ 'a.txt': 'one\n', 'b\nc': 'two\n' })
  const { repo, view } = setup
  repo.git('rm', '-q', 'a.txt')
  symlinkSync('b', join(repo.root, 'a.txt'))
  writeFileSync(join(repo.root, 'b\nc'), 'three\n')
  repo.commit('turn')
  const [paths = []] = await changedPaths(view, [stepOf(repo)])
  expect(paths.map(({ path, before, after }) => [path, before.mode, after.mode])).toEqual([
    ['a.txt', '100644', '120000'],
    ['b\nc', '100644', '100644'],
  ])
  const { key, inverse } = changeKey(await changeOf(setup))
  expect(key).not.toBe(inverse)
  expect(await changedPaths(view, [])).toEqual([])
})
