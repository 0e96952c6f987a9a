import { chmodSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setProcessEnv, type TempRepo, tempDir, tempRepo } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { type LandedAnswer, type LandedQuestion, landedStates } from '../src/landed.js'

const TEN = Array.from({ length: 10 }, (_, i) => `line ${i}`)

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

/** The ten lines with some of them changed. */
function ten(changes: Record<number, string> = {}): string {
  return text(TEN.map((line, i) => changes[i] ?? line))
}

function image(n: number): Buffer {
  return Buffer.from([0, 1, n])
}

function repoWithFile(): TempRepo {
  const repo = tempRepo({ files: { 'a.txt': ten(), 'b.txt': ten() } })
  setProcessEnv(repo.env)
  return repo
}

async function ask(
  repo: TempRepo,
  question: Partial<LandedQuestion> = {},
  target = 'refs/heads/main',
): Promise<LandedAnswer> {
  const tip = question.tip ?? repo.git('rev-parse', 'work')
  const [answer] = await landedStates(repo.root, [{ tip, ...question }], { targets: [target] })
  return answer as LandedAnswer
}

/** A branch `work` with these commits, and back on main. */
function branchWith(repo: TempRepo, ...commits: Record<string, string | Buffer>[]): string {
  repo.git('checkout', '-q', '-b', 'work')
  for (const [i, files] of commits.entries()) repo.commit(`work ${i}`, files)
  repo.git('checkout', '-q', 'main')
  return repo.git('rev-parse', 'work')
}

function squash(repo: TempRepo): string {
  repo.git('merge', '-q', '--squash', 'work')
  return repo.commit('squashed')
}

describe('a branch without work of its own', () => {
  test('is no-work when it still stands where it was created', async () => {
    const repo = repoWithFile()
    repo.git('branch', 'work')
    repo.commit('main goes on', { 'b.txt': ten({ 1: 'x' }) })
    const base = repo.git('rev-parse', 'work')
    expect(await ask(repo, { base })).toMatchObject({
      state: 'no-work',
      method: null,
      target: null,
      ahead: 0,
      behind: 1,
    })
  })

  test('is no-work without a recorded base as well, by its reflog or by standing on the first parents of the target', async () => {
    const repo = repoWithFile()
    repo.git('branch', 'work')
    repo.commit('main goes on')
    expect((await ask(repo, { branch: 'refs/heads/work' })).state).toBe('no-work')
    expect((await ask(repo)).state).toBe('no-work')
  })

  test('is no-work after it was only moved onto a newer target', async () => {
    const repo = repoWithFile()
    const base = repo.git('rev-parse', 'main')
    repo.git('checkout', '-q', '-b', 'work')
    for (const move of [
      ['reset', '-q', '--hard', 'main'],
      ['merge', '-q', '--ff-only', 'main'],
      ['merge', '-q', '-m', 'a message that git ignores', 'main'],
      ['pull', '-q', '.', 'main'],
      ['rebase', '-q', 'main'],
    ]) {
      repo.git('checkout', '-q', 'main')
      repo.commit('main goes on')
      repo.git('checkout', '-q', 'work')
      repo.git(...move)
      const { state } = await ask(repo, { base, branch: 'refs/heads/work' })
      expect([...move, state]).toEqual([...move, 'no-work'])
    }
  })

  test('is no-work when it was created on the unlanded tip of another branch, which is still ahead', async () => {
    const repo = repoWithFile()
    const tip = branchWith(repo, { 'a.txt': ten({ 2: 'x' }) })
    expect(await ask(repo, { tip, base: tip })).toMatchObject({ state: 'no-work', ahead: 1 })
  })

  test('is no-work after its commits were reset away', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) })
    repo.git('branch', '-f', 'work', 'main')
    repo.commit('main goes on')
    expect((await ask(repo, { branch: 'refs/heads/work' })).state).toBe('no-work')
  })

  test('is no-work when it was reset to a commit older than its base', async () => {
    const repo = repoWithFile()
    const old = repo.git('rev-parse', 'main')
    const base = repo.commit('newer')
    expect((await ask(repo, { tip: old, base })).state).toBe('no-work')
  })
})

describe('a branch whose commits are in the target', () => {
  test('has landed by fast-forward, told by the recorded base, by the reflog, and not told without either', async () => {
    const repo = repoWithFile()
    const base = repo.git('rev-parse', 'main')
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) })
    repo.git('merge', '-q', '--ff-only', 'work')
    expect(await ask(repo, { base })).toMatchObject({
      state: 'landed',
      method: 'same-commit',
      target: 'refs/heads/main',
    })
    expect(await ask(repo, { branch: 'refs/heads/work' })).toMatchObject({
      state: 'landed',
      method: 'same-commit',
    })
    expect(await ask(repo)).toMatchObject({ state: 'no-work' })
    repo.commit('main goes on')
    expect(await ask(repo, { base })).toMatchObject({
      state: 'landed',
      method: 'ancestor',
      reverted: false,
      behind: 1,
    })
  })

  test('keeps its story through a rename and an amended commit', async () => {
    const repo = repoWithFile()
    repo.git('checkout', '-q', '-b', 'first')
    repo.commit('work', { 'a.txt': ten({ 2: 'x' }) })
    repo.git('commit', '-q', '--amend', '-m', 'better')
    repo.git('branch', '-m', 'work')
    repo.git('checkout', '-q', 'main')
    repo.git('merge', '-q', '--ff-only', 'work')
    expect(await ask(repo, { branch: 'refs/heads/work' })).toMatchObject({ state: 'landed' })
  })

  test('is told by its reflog although the oldest entries have expired', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) }, { 'a.txt': ten({ 2: 'y' }) })
    repo.git('reflog', 'delete', 'work@{2}')
    repo.git('merge', '-q', '--ff-only', 'work')
    expect(await ask(repo, { branch: 'refs/heads/work' })).toMatchObject({ state: 'landed' })
  })

  test('has landed by a merge commit, without any record', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) })
    repo.git('merge', '-q', '--no-ff', '-m', 'merge', 'work')
    expect(await ask(repo)).toMatchObject({ state: 'landed', method: 'ancestor', reverted: false })
  })

  test('stays landed but reverted when its merge was reverted, until the revert is reverted', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) }, { 'b.txt': ten({ 2: 'x' }) })
    repo.git('merge', '-q', '--no-ff', '-m', 'merge', 'work')
    repo.git('revert', '--no-edit', '-m', '1', 'HEAD')
    expect(await ask(repo)).toMatchObject({ state: 'landed', method: 'ancestor', reverted: true })
    repo.git('revert', '--no-edit', 'HEAD')
    expect(await ask(repo)).toMatchObject({ state: 'landed', reverted: false })
  })

  test('is reverted when one of its commits was, also after a fast-forward', async () => {
    const repo = repoWithFile()
    const base = repo.git('rev-parse', 'main')
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) }, { 'b.txt': ten({ 2: 'x' }) })
    repo.git('merge', '-q', '--ff-only', 'work')
    repo.git('revert', '--no-edit', 'HEAD~1')
    expect(await ask(repo, { base })).toMatchObject({ state: 'landed', reverted: true })
  })

  test('is reverted by a revert that had conflicts, which names the merge, and not after that was taken back by name', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) })
    repo.git('merge', '-q', '--no-ff', '-m', 'merge', 'work')
    const merge = repo.git('rev-parse', 'HEAD')
    repo.commit('same line', { 'a.txt': ten({ 2: 'y', 7: 'z' }) })
    const revert = repo.commit(`Revert\n\nThis reverts commit ${merge}.`, { 'a.txt': ten({ 7: 'z z' }) })
    expect(await ask(repo)).toMatchObject({ state: 'landed', reverted: true })
    repo.commit(`Again\n\nThis reverts commit ${revert}.`, { 'a.txt': ten({ 2: 'x x', 7: 'z' }) })
    expect(await ask(repo)).toMatchObject({ state: 'landed', reverted: false })
  })

  test('is not reverted by what it undid itself before it was merged', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) }, { 'a.txt': ten() }, { 'b.txt': ten({ 2: 'x' }) })
    repo.git('merge', '-q', '--no-ff', '-m', 'merge', 'work')
    expect(await ask(repo)).toMatchObject({ state: 'landed', reverted: false })
  })
})

describe('a branch whose content is in the target', () => {
  test('has landed as no-changes when its commits add up to nothing or are empty', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) }, { 'a.txt': ten() }, {})
    repo.commit('main goes on', { 'b.txt': ten({ 1: 'x' }) })
    expect(await ask(repo)).toMatchObject({ state: 'landed', method: 'no-changes', ahead: 3, behind: 1 })
  })

  test('has landed as no-changes when its merge of the target dropped all that it had', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) })
    repo.commit('main', { 'a.txt': ten({ 2: 'y' }) })
    repo.git('checkout', '-q', 'work')
    repo.git('merge', '-q', '-X', 'theirs', '-m', 'give in', 'main')
    repo.git('checkout', '-q', 'main')
    expect(await ask(repo)).toMatchObject({ state: 'landed', method: 'no-changes' })
  })

  test('has landed as same-tree after a squash onto an unchanged target', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) }, { 'b.txt': ten({ 2: 'x' }) })
    squash(repo)
    expect(await ask(repo)).toMatchObject({ state: 'landed', method: 'same-tree', target: 'refs/heads/main' })
  })

  test('has landed as merge-adds-nothing when the target went on elsewhere, by whole files or inside the same ones', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }), 'new.txt': 'new\n' })
    squash(repo)
    repo.commit('elsewhere', { 'b.txt': ten({ 1: 'y' }) })
    expect(await ask(repo)).toMatchObject({ state: 'landed', method: 'merge-adds-nothing' })
    repo.commit('same file', { 'a.txt': ten({ 2: 'x', 8: 'y' }) })
    expect(await ask(repo)).toMatchObject({ state: 'landed', method: 'merge-adds-nothing' })
  })

  test('has landed although the target then renamed the file', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) })
    squash(repo)
    renameSync(join(repo.root, 'a.txt'), join(repo.root, 'renamed.txt'))
    repo.commit('rename')
    expect(await ask(repo)).toMatchObject({ state: 'landed', method: 'merge-adds-nothing' })
  })

  test('has landed by patch when the target went on changing the very lines, after a squash and after a rebase', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) }, { 'a.txt': ten({ 2: 'x', 3: 'y' }) })
    repo.commit('close by', { 'a.txt': ten({ 5: 'context' }) })
    squash(repo)
    repo.commit('same lines', { 'a.txt': ten({ 2: 'later', 3: 'later still', 5: 'context' }) })
    expect(await ask(repo)).toMatchObject({ state: 'landed', method: 'patch-id', reverted: false })
    repo.git('reset', '-q', '--hard', 'HEAD~2')
    repo.git('cherry-pick', 'main..work')
    expect(await ask(repo)).toMatchObject({ state: 'landed', method: 'merge-adds-nothing' })
    repo.commit('same lines', { 'a.txt': ten({ 2: 'later', 3: 'later still', 5: 'context' }) })
    expect(await ask(repo)).toMatchObject({ state: 'landed', method: 'patch-id' })
  })

  test('has landed by patch when the target rewrote a line that the branch had inserted', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': text([...TEN.slice(0, 5), 'inserted', ...TEN.slice(5)]) })
    squash(repo)
    repo.commit('rewrite', { 'a.txt': text([...TEN.slice(0, 5), 'rewritten', ...TEN.slice(5)]) })
    expect(await ask(repo)).toMatchObject({ state: 'landed', method: 'patch-id' })
  })

  test('has landed by patch with a clean merge of the target on the branch', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) })
    repo.commit('main', { 'b.txt': ten({ 2: 'y' }) })
    repo.git('checkout', '-q', 'work')
    repo.git('merge', '-q', '-m', 'catch up', 'main')
    repo.commit('more', { 'a.txt': ten({ 2: 'x', 8: 'z' }) })
    repo.git('checkout', '-q', 'main')
    for (const commit of ['work~2', 'work']) repo.git('cherry-pick', commit)
    repo.commit('same lines', { 'a.txt': ten({ 2: 'q', 8: 'z' }), 'b.txt': ten({ 2: 'y' }) })
    expect(await ask(repo)).toMatchObject({ state: 'landed', method: 'patch-id' })
  })

  test('is found in whichever target has it, and a stale target beside a fresh one has no say', async () => {
    const repo = repoWithFile()
    const tip = branchWith(repo, { 'a.txt': ten({ 2: 'x' }) })
    squash(repo)
    const squashed = repo.git('rev-parse', 'main')
    repo.git('update-ref', 'refs/remotes/origin/main', squashed)
    repo.git('reset', '-q', '--hard', 'HEAD~1')
    const targets = ['refs/heads/main', 'refs/remotes/origin/main']
    const [fresh] = await landedStates(repo.root, [{ tip }], { targets })
    expect(fresh).toMatchObject({ state: 'landed', target: 'refs/remotes/origin/main' })
    repo.commit('diverged', { 'b.txt': ten({ 2: 'y' }) })
    const [other] = await landedStates(repo.root, [{ tip }], { targets })
    expect(other).toMatchObject({ state: 'landed', target: 'refs/remotes/origin/main' })
    repo.git('update-ref', 'refs/heads/main', squashed)
    repo.git('checkout', '-q', '-f', 'main')
    repo.git('revert', '--no-edit', 'HEAD')
    const [reverted] = await landedStates(repo.root, [{ tip }], { targets })
    expect(reverted).toMatchObject({ state: 'not-landed', target: null })
  })
})

describe('a branch that has not landed', () => {
  test('is not-landed with its own commits and those it lacks counted', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) }, { 'a.txt': ten({ 2: 'x', 3: 'y' }) })
    repo.commit('main', { 'b.txt': ten({ 1: 'y' }) })
    expect(await ask(repo)).toEqual({
      state: 'not-landed',
      method: null,
      target: null,
      reverted: false,
      ahead: 2,
      behind: 1,
    })
  })

  test('is not-landed after its squash was reverted, landed after the revert was reverted, and so on', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) })
    squash(repo)
    repo.git('revert', '--no-edit', 'HEAD')
    expect(await ask(repo)).toMatchObject({ state: 'not-landed' })
    repo.git('revert', '--no-edit', 'HEAD')
    expect(await ask(repo)).toMatchObject({ state: 'landed' })
    repo.commit('same line', { 'a.txt': ten({ 2: 'later' }) })
    expect(await ask(repo)).toMatchObject({ state: 'landed', method: 'patch-id' })
    repo.git('revert', '--no-edit', 'HEAD')
    repo.git('revert', '--no-edit', 'HEAD~2')
    expect(await ask(repo)).toMatchObject({ state: 'not-landed' })
  })

  test('is not-landed when the revert met changed context, so that no patch equals it', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) })
    const landing = squash(repo)
    repo.commit('context', { 'a.txt': ten({ 2: 'x', 4: 'context' }) })
    repo.git('revert', '--no-edit', landing)
    repo.commit('context again', { 'a.txt': ten({ 3: 'n', 4: 'c' }) })
    expect(await ask(repo)).toMatchObject({ state: 'not-landed' })
  })

  test('is not-landed when a revert with other changes in it took everything back', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x', 3: 'y' }) })
    squash(repo)
    repo.commit('go back and on', { 'a.txt': ten({ 1: 'n', 8: 'z' }) })
    expect(await ask(repo)).toMatchObject({ state: 'not-landed' })
  })

  test('is not-landed when a merge into the target threw its squash away', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) })
    repo.git('checkout', '-q', '-b', 'develop')
    squash(repo)
    repo.git('checkout', '-q', 'main')
    repo.commit('close by', { 'a.txt': ten({ 3: 'main' }) })
    repo.git('merge', '-q', '-s', 'ours', '-m', 'ours', 'develop')
    expect(await ask(repo)).toMatchObject({ state: 'not-landed' })
  })

  test('is not-landed when it took its own landing in and the target then took that back, until it lands again', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) }, { 'a.txt': ten({ 2: 'x', 3: 'y' }) })
    repo.commit('main', { 'b.txt': ten({ 2: 'y' }) })
    squash(repo)
    repo.git('checkout', '-q', 'work')
    repo.git('merge', '-q', '-m', 'catch up', 'main')
    repo.git('checkout', '-q', 'main')
    expect(await ask(repo)).toMatchObject({ state: 'landed', method: 'no-changes' })
    repo.git('revert', '--no-edit', 'HEAD')
    expect(await ask(repo)).toMatchObject({ state: 'not-landed' })
    repo.git('revert', '--no-edit', 'HEAD')
    expect(await ask(repo)).toMatchObject({ state: 'landed', method: 'no-changes' })
  })

  test('is not-landed when a revert with conflicts names the landing', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }), 'b.txt': ten({ 2: 'x' }) })
    const landing = squash(repo)
    repo.commit('same line', { 'a.txt': ten({ 2: 'later' }) })
    repo.commit(`Revert\n\nThis reverts commit ${landing}.`, {
      'a.txt': ten({ 2: 'settled' }),
      'b.txt': ten(),
    })
    expect(await ask(repo)).toMatchObject({ state: 'not-landed' })
  })

  test('is not-landed when one of several rebased commits was reverted', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) }, { 'b.txt': ten({ 2: 'x' }) })
    repo.commit('main', { 'c.txt': 'c\n' })
    repo.git('cherry-pick', 'main..work')
    repo.git('revert', '--no-edit', 'HEAD~1')
    expect(await ask(repo)).toMatchObject({ state: 'not-landed' })
  })

  test('is not-landed when only some of its commits were picked', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) }, { 'b.txt': ten({ 2: 'x' }) })
    repo.commit('main', { 'c.txt': 'c\n' })
    repo.git('cherry-pick', 'work~1')
    repo.commit('same line', { 'a.txt': ten({ 2: 'later' }) })
    expect(await ask(repo)).toMatchObject({ state: 'not-landed' })
  })

  test('is not-landed when the target has the same patch at another place of the file', async () => {
    const repo = tempRepo({ files: { 'a.txt': text([...TEN, '--', ...TEN]) } })
    setProcessEnv(repo.env)
    branchWith(repo, { 'a.txt': text([...TEN.slice(0, 5), 'new', ...TEN.slice(5), '--', ...TEN]) })
    repo.commit('elsewhere', { 'a.txt': text([...TEN, '--', ...TEN.slice(0, 5), 'new', ...TEN.slice(5)]) })
    const id = (commit: string): string =>
      repo.git('-c', `alias.id=!git diff-tree -p ${commit} | git patch-id --stable`, 'id').split(' ')[0] ?? ''
    expect(id('work')).toBe(id('main'))
    expect(await ask(repo)).toMatchObject({ state: 'not-landed' })
  })

  test('is not-landed when the target replaced the same line at another place, and other words stand at the branch’s', async () => {
    const repo = tempRepo({ files: { 'a.txt': text([...TEN, '--', ...TEN]) } })
    setProcessEnv(repo.env)
    branchWith(repo, { 'a.txt': text([...TEN.with(5, 'new'), '--', ...TEN]) })
    repo.commit('elsewhere', { 'a.txt': text([...TEN, '--', ...TEN.with(5, 'new')]) })
    repo.commit('here', { 'a.txt': text([...TEN.with(5, 'other'), '--', ...TEN.with(5, 'new')]) })
    expect(await ask(repo)).toMatchObject({ state: 'not-landed' })
  })

  test('is not-landed when it differs from what landed in white space only, which a stable patch id cannot see', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: '\tindented with a tab' }) })
    repo.commit('with blanks', { 'a.txt': ten({ 2: '  indented with a tab' }) })
    const id = (commit: string): string =>
      repo.git('-c', `alias.id=!git diff-tree -p ${commit} | git patch-id --stable`, 'id').split(' ')[0] ?? ''
    expect(id('work')).toBe(id('main'))
    expect(await ask(repo)).toMatchObject({ state: 'not-landed' })
  })

  test('is not-landed when it differs in a mode, a binary file, or a link only', async () => {
    const repo = repoWithFile()
    repo.commit('image', { 'image.bin': image(0) })
    repo.git('checkout', '-q', '-b', 'mode')
    chmodSync(join(repo.root, 'a.txt'), 0o755)
    const mode = repo.commit('mode')
    repo.git('checkout', '-q', 'main')
    repo.git('checkout', '-q', '-b', 'binary')
    const binary = repo.commit('binary', { 'image.bin': image(1) })
    repo.git('checkout', '-q', 'main')
    repo.commit('another binary', { 'image.bin': image(2) })
    const answers = await landedStates(repo.root, [{ tip: mode }, { tip: binary }], {
      targets: ['refs/heads/main'],
    })
    expect(answers.map(({ state }) => state)).toEqual(['not-landed', 'not-landed'])
    repo.git('cherry-pick', '-X', 'theirs', mode)
    repo.commit('the same binary after all', { 'image.bin': image(1) })
    repo.commit('and a later one', { 'image.bin': image(3) })
    const [landed] = await landedStates(repo.root, [{ tip: mode }], { targets: ['refs/heads/main'] })
    expect(landed).toMatchObject({ state: 'landed', method: 'merge-adds-nothing' })
  })

  test('is not-landed when a merge on the branch has changes of its own and only its other commits were picked', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) })
    repo.commit('main', { 'b.txt': ten({ 2: 'y' }) })
    repo.git('checkout', '-q', 'work')
    repo.git('merge', '-q', '--no-commit', 'main')
    repo.commit('evil merge', { 'extra.txt': 'only in the merge\n' })
    repo.git('checkout', '-q', 'main')
    repo.git('cherry-pick', 'work~1')
    expect(await ask(repo)).toMatchObject({ state: 'not-landed' })
  })

  test('is not-landed with unrelated history, unless its tree is the target’s', async () => {
    const repo = repoWithFile()
    repo.git('checkout', '-q', '--orphan', 'work')
    repo.commit('alone', { 'a.txt': ten({ 2: 'x' }) })
    repo.git('checkout', '-q', 'main')
    expect(await ask(repo)).toMatchObject({ state: 'not-landed' })
    repo.commit('the same', { 'a.txt': ten({ 2: 'x' }) })
    expect(await ask(repo)).toMatchObject({ state: 'landed', method: 'same-tree' })
  })

  test('is not-landed in a criss-cross unless merging adds nothing', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) })
    repo.commit('main', { 'b.txt': ten({ 2: 'y' }) })
    const [ours, theirs] = [repo.git('rev-parse', 'main'), repo.git('rev-parse', 'work')]
    repo.git('merge', '-q', '-m', 'one way', theirs)
    repo.git('checkout', '-q', 'work')
    repo.git('merge', '-q', '-m', 'other way', ours)
    repo.commit('more', { 'a.txt': ten({ 2: 'x', 8: 'z' }) })
    repo.git('checkout', '-q', 'main')
    expect(repo.git('merge-base', '--all', 'main', 'work').split('\n')).toHaveLength(2)
    expect(await ask(repo)).toMatchObject({ state: 'not-landed' })
    repo.git('cherry-pick', 'work')
    repo.commit('main goes on', { 'b.txt': ten({ 2: 'y', 8: 'q' }) })
    expect(await ask(repo)).toMatchObject({ state: 'landed', method: 'merge-adds-nothing' })
  })
})

describe('what a repository brings along', () => {
  test('runs no merge driver, diff driver or filter that its config names, and writes nothing into it', async () => {
    const repo = repoWithFile()
    const marker = join(repo.base, 'ran')
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) })
    repo.commit('conflict', { 'a.txt': ten({ 2: 'y' }) })
    const attributes = '* merge=evil diff=evil filter=evil\n'
    writeFileSync(join(repo.root, '.gitattributes'), attributes)
    writeFileSync(join(repo.root, '.git', 'info', 'attributes'), attributes)
    for (const key of [
      'merge.evil.driver',
      'diff.evil.command',
      'diff.evil.textconv',
      'filter.evil.clean',
      'diff.external',
    ]) {
      repo.git('config', key, `touch ${marker}; false`)
    }
    repo.git('config', 'merge.renormalize', 'true')
    repo.git('config', 'core.fsmonitor', `touch ${marker}; false`)
    const objects = repo.git('count-objects', '-v')
    expect(await ask(repo)).toMatchObject({ state: 'not-landed' })
    expect(existsSync(marker)).toBe(false)
    expect(repo.git('count-objects', '-v')).toBe(objects)
    // plain git, asked the same thing, does run the driver
    expect(() => repo.git('merge-tree', '--write-tree', 'main', 'work')).toThrow()
    expect(existsSync(marker)).toBe(true)
  })

  test('answers the same whatever the diff settings, replacements and grafts', async () => {
    const repo = repoWithFile()
    const tip = branchWith(repo, { 'a.txt': ten({ 2: 'x' }) })
    squash(repo)
    repo.commit('same line', { 'a.txt': ten({ 2: 'later' }) })
    const plain = await ask(repo)
    expect(plain).toMatchObject({ state: 'landed', method: 'patch-id' })
    for (const [key, value] of [
      ['diff.noprefix', 'true'],
      ['diff.renames', 'copies'],
      ['diff.algorithm', 'patience'],
      ['diff.interHunkContext', '10'],
      ['diff.context', '0'],
      ['diff.ignoreSubmodules', 'all'],
      ['diff.orderFile', '/nonexistent'],
      ['merge.renames', 'false'],
      ['core.quotePath', 'false'],
      ['color.ui', 'always'],
      ['patchid.stable', 'false'],
    ]) {
      repo.git('config', key as string, value as string)
    }
    repo.git('replace', tip, repo.git('rev-parse', 'main'))
    expect(await ask(repo, { tip })).toEqual(plain)
  })

  test('takes paths with quotes, newlines, bytes above ASCII and words that look like headers', async () => {
    const repo = repoWithFile()
    const names = ['with "quotes"', 'two\nlines', 'ümlaut', '-dash', 'a b']
    const header = 'diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n'
    repo.commit('odd', Object.fromEntries(names.map((name) => [name, ten() + header])))
    const change = (word: string): Record<string, string> =>
      Object.fromEntries(names.map((name) => [name, `${ten({ 2: word })}${header}-- \n++ \n`]))
    branchWith(repo, change('x'))
    squash(repo)
    repo.commit('same lines', change('later'))
    expect(await ask(repo)).toMatchObject({ state: 'landed', method: 'patch-id' })
    repo.git('revert', '--no-edit', 'HEAD')
    repo.git('revert', '--no-edit', 'HEAD~2')
    repo.commit('near', Object.fromEntries(names.map((name) => [name, ten({ 3: 'near' }) + header])))
    expect(await ask(repo)).toMatchObject({ state: 'not-landed' })
  })

  test('keeps a branch of a shallow or a partial clone rather than guess, and never fetches', async () => {
    const repo = repoWithFile()
    repo.git('config', 'uploadpack.allowFilter', 'true')
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) })
    squash(repo)
    repo.commit('same line', { 'a.txt': ten({ 2: 'later' }) })
    const tip = repo.git('rev-parse', 'work')
    const clone = (...args: string[]): string => {
      const dir = join(repo.base, `clone${readdirSync(repo.base).length}`)
      repo.git('clone', '-q', '--no-checkout', ...args, `file://${repo.root}`, dir)
      return dir
    }
    const full = clone()
    const shallow = clone('--depth=1', '--no-single-branch')
    const partial = clone('--filter=blob:none')
    const targets = ['refs/remotes/origin/main']
    expect(await landedStates(full, [{ tip }], { targets })).toMatchObject([
      { state: 'landed', method: 'patch-id' },
    ])
    expect(await landedStates(shallow, [{ tip }], { targets })).toMatchObject([{ state: 'not-landed' }])
    rmSync(repo.root, { recursive: true })
    expect(await landedStates(partial, [{ tip }], { targets })).toMatchObject([{ state: 'not-landed' }])
  })

  test('works in a SHA-256 repository and from a linked worktree', async () => {
    const repo = repoWithFile()
    const root = join(repo.base, 'sha256')
    repo.git('init', '-q', '-b', 'main', '--object-format=sha256', root)
    repo.commit('first', { 'a.txt': ten() }, root)
    const tree = join(repo.base, 'linked')
    repo.gitIn(root, 'worktree', 'add', '-q', '-b', 'work', tree)
    const tip = repo.commit('work', { 'a.txt': ten({ 2: 'x' }), 'new.txt': 'new\n' }, tree)
    repo.gitIn(root, 'merge', '-q', '--squash', 'work')
    repo.commit('squashed', {}, root)
    repo.commit('same line', { 'a.txt': ten({ 2: 'later' }) }, root)
    const [answer] = await landedStates(tree, [{ tip }], { targets: ['refs/heads/main'] })
    expect(answer).toMatchObject({ state: 'landed', method: 'patch-id' })
  })
})

describe('bad input', () => {
  test('a target or tip that is not there is refused by name, and nothing asked is nothing done', async () => {
    const repo = repoWithFile()
    const tip = repo.git('rev-parse', 'main')
    const targets = ['refs/heads/main']
    expect(await landedStates('/', [], { targets })).toEqual([])
    await expect(landedStates(repo.root, [{ tip }], { targets: ['refs/heads/gone'] })).rejects.toMatchObject({
      code: 'WORKTREE_BAD_REF',
      message: expect.stringContaining('refs/heads/gone'),
    })
    await expect(landedStates(repo.root, [{ tip: `${'0'.repeat(39)}1` }], { targets })).rejects.toMatchObject(
      {
        code: 'WORKTREE_BAD_REF',
      },
    )
    await expect(landedStates(repo.root, [{ tip }], { targets: [] })).rejects.toMatchObject({
      code: 'WORKTREE_BAD_REF',
    })
    await expect(landedStates(tempDir(), [{ tip }], { targets })).rejects.toMatchObject({
      code: 'WORKTREE_NOT_A_REPO',
    })
  })

  test('a recorded base that was collected since, and a branch name that leaves the repository, count as unknown', async () => {
    const repo = repoWithFile()
    branchWith(repo, { 'a.txt': ten({ 2: 'x' }) })
    repo.git('merge', '-q', '--no-ff', '-m', 'merge', 'work')
    expect(await ask(repo, { base: 'f'.repeat(40) })).toMatchObject({ state: 'landed', method: 'ancestor' })
    expect(await ask(repo, { branch: 'refs/../../x' })).toMatchObject({ state: 'landed', method: 'ancestor' })
  })

  test('a call that is given up ends, and leaves no temporary directory', async () => {
    const repo = repoWithFile()
    const tip = branchWith(repo, { 'a.txt': ten({ 2: 'x' }) })
    const temp = tempDir()
    process.env.TMPDIR = temp
    const signal = AbortSignal.abort()
    await expect(
      landedStates(repo.root, [{ tip }], { targets: ['refs/heads/main'], signal }),
    ).rejects.toThrow()
    expect(readdirSync(temp)).toEqual([])
  })
})
