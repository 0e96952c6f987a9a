import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { writeFiles } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'
import { listRemovals, readRemovals, restoreRemoval } from '../../src/removals.js'
import { removalDir, trashTreePath } from '../../src/trash/paths.js'
import {
  ACTOR,
  addTree,
  DISCARD_ALL,
  exists,
  type Ground,
  ground,
  judge,
  NOW,
  remove,
  type Snapshot,
  snapshot,
  squashLanded,
  survivesGc,
  type Tree,
} from './ground.js'

/** The tree before its removal, and after everything was tidied up and it was restored. */
async function roundTrip(
  on: Ground,
  tree: Tree,
  branch: string | null = tree.branch,
): Promise<{ before: Snapshot; after: Snapshot }> {
  const before = snapshot(on, { ...tree, branch })
  const outcome = await remove(on, tree.path, { gate: { discard: DISCARD_ALL } })
  expect(outcome).toMatchObject({
    outcome: 'removed',
    removalId: 'r1',
    rescueRef: 'refs/parallel-cc/rescue/r1/head',
  })
  expect(existsSync(tree.path) || existsSync(tree.adminDir)).toBe(false)
  on.git.git('reflog', 'expire', '--expire=now', '--expire-unreachable=now', '--all')
  on.git.git('gc', '--quiet', '--prune=now')
  on.git.git('worktree', 'prune')
  expect(await restoreRemoval(on.repo, 'r1', ACTOR)).toEqual({ id: 'r1', path: tree.path, branch })
  const after = snapshot(on, { ...tree, branch })
  on.git.git('fsck', '--strict', '--no-dangling')
  return { before, after }
}

describe('restore brings a tree back byte for byte', () => {
  it('after a clean removal: nothing is left of the removal but its rescue ref', async () => {
    const on = await ground()
    const tree = addTree(on)
    const { before, after } = await roundTrip(on, tree)
    expect(after).toEqual(before)
    expect(existsSync(join(tree.path, '..', '.parallel-cc-trash'))).toBe(false)
    expect(on.git.git('for-each-ref', '--format=%(refname)', 'refs/parallel-cc')).toBe(
      'refs/parallel-cc/rescue/r1/head',
    )
    expect(await listRemovals(on.repo)).toEqual([])
  })

  it('with staged, unstaged, untracked and ignored files, modes, times and links', async () => {
    const on = await ground({
      'README.md': 'hello\n',
      'run.sh': '#!/bin/sh\n',
      gone: 'x\n',
      '.gitignore': '*.log\n',
    })
    const tree = addTree(on)
    const at = (name: string): string => join(tree.path, name)
    writeFiles(tree.path, { 'README.md': 'staged\n', 'new-staged': 'n\n' })
    on.git.gitIn(tree.path, 'add', '-A')
    writeFiles(tree.path, {
      'README.md': 'unstaged\n',
      'deep/er/untracked': 'u\n',
      'debug.log': 'ignored\n',
      planned: 'p',
    })
    on.git.gitIn(tree.path, 'add', '-N', 'planned')
    chmodSync(at('run.sh'), 0o755)
    chmodSync(at('deep/er'), 0o700)
    rmSync(at('gone'))
    symlinkSync('../nowhere', at('dangling'))
    mkdirSync(at('empty'))
    writeFileSync(at('a name with\nnewline "and" \u00fcnicode'), 'odd')
    utimesSync(at('debug.log'), 1000, 2000)
    const { before, after } = await roundTrip(on, tree)
    expect(after).toEqual(before)
    expect(readlinkSync(at('dangling'))).toBe('../nowhere')
  })

  it('with commits that nothing else holds, on its branch', async () => {
    const on = await ground()
    const tree = addTree(on)
    on.git.commit('one', { one: '1' }, tree.path)
    on.git.commit('two', { two: '2' }, tree.path)
    const { before, after } = await roundTrip(on, tree)
    expect(after).toEqual(before)
  })

  it('with commits on a detached HEAD', async () => {
    const on = await ground()
    const tree = addTree(on)
    on.git.gitIn(tree.path, 'checkout', '-q', '--detach')
    on.git.commit('one', { one: '1' }, tree.path)
    const { before, after } = await roundTrip(on, tree, null)
    expect(after).toEqual(before)
  })

  it("with the branch's upstream settings and description", async () => {
    const on = await ground()
    const tree = addTree(on, 'alpha', 'feature/dots.and-more')
    on.git.git('config', 'branch.feature/dots.and-more.remote', '.')
    on.git.git('config', 'branch.feature/dots.and-more.merge', 'refs/heads/main')
    on.git.git('config', '--add', 'branch.feature/dots.and-more.description', 'two\nlines')
    on.git.git('config', 'branch.feature/dots.and-more.x.remote', 'another branch')
    const { before, after } = await roundTrip(on, tree)
    expect(after).toEqual(before)
  })

  it('with unmerged files', async () => {
    const on = await ground()
    const tree = addTree(on)
    on.git.commit('theirs', { 'README.md': 'theirs\n' })
    writeFiles(tree.path, { 'README.md': 'mine\n' })
    on.git.gitIn(tree.path, 'stash', '-q')
    on.git.gitIn(tree.path, 'merge', '-q', 'main')
    expect(() => on.git.gitIn(tree.path, 'stash', 'pop', '-q')).toThrow()
    on.git.gitIn(tree.path, 'stash', 'drop', '-q')
    const { before, after } = await roundTrip(on, tree)
    expect(after).toEqual(before)
    expect(on.git.git('show', 'refs/parallel-cc/rescue/r1/index:.parallel-cc-unmerged/3/README.md')).toBe(
      'mine',
    )
  })

  it('with an index that is split', async () => {
    const on = await ground()
    const tree = addTree(on)
    on.git.gitIn(tree.path, 'update-index', '--split-index')
    writeFiles(tree.path, { staged: 's' })
    on.git.gitIn(tree.path, 'add', 'staged')
    const { before, after } = await roundTrip(on, tree)
    expect(after).toEqual(before)
  })

  it('with a sparse checkout and settings of its own', async () => {
    const on = await ground({ 'a/x': 'x', 'b/y': 'y', top: 't' })
    const tree = addTree(on)
    on.git.gitIn(tree.path, 'sparse-checkout', 'set', 'a')
    on.git.gitIn(tree.path, 'config', '--worktree', 'user.name', 'Tree Only')
    const { before, after } = await roundTrip(on, tree)
    expect(after).toEqual(before)
    expect(on.git.gitIn(tree.path, 'config', 'user.name')).toBe('Tree Only')
  })

  it('under another registration when its name is taken', async () => {
    const on = await ground()
    const tree = addTree(on)
    writeFiles(tree.path, { u: 'u' })
    const before = snapshot(on, tree)
    await remove(on, tree.path, { gate: { discard: DISCARD_ALL } })
    on.git.git('worktree', 'add', '-q', '-b', 'other', join(on.git.base, 'elsewhere', 'alpha'))
    await restoreRemoval(on.repo, 'r1', ACTOR)
    const after = snapshot(on, { ...tree, adminDir: `${tree.adminDir}1` })
    expect({ ...after, files: null, admin: null }).toEqual({ ...before, files: null, admin: null })
    expect(after.admin).toEqual(before.admin)
    expect(readFileSync(join(tree.path, '.git'), 'utf8')).toBe(`gitdir: ${tree.adminDir}1\n`)
    expect((await judge(on, tree.path)).reasons).toMatchObject([{ reason: 'untracked' }])
  })

  it('when the branch was kept, and deleted by somebody since', async () => {
    const on = await ground()
    const tree = addTree(on)
    const tip = on.git.commit('work', { w: 'w' }, tree.path)
    on.git.git('branch', 'copy', tip)
    const before = snapshot(on, tree)
    await remove(on, tree.path)
    on.git.git('branch', '-q', '-D', 'alpha')
    await restoreRemoval(on.repo, 'r1', ACTOR)
    expect({ ...snapshot(on, tree), branchReflog: null }).toEqual({ ...before, branchReflog: null })
  })

  it('twice, under two ids', async () => {
    const on = await ground()
    const tree = addTree(on)
    writeFiles(tree.path, { u: 'u' })
    const before = snapshot(on, tree)
    for (const id of ['first', 'second']) {
      expect(await remove(on, tree.path, { id, gate: { discard: DISCARD_ALL } })).toMatchObject({
        outcome: 'removed',
      })
      await restoreRemoval(on.repo, id, ACTOR)
      expect(snapshot(on, tree)).toEqual(before)
    }
  })
})

describe('rescue refs', () => {
  it('keep what was only staged, even where the trash is thrown away by hand', async () => {
    const on = await ground()
    const tree = addTree(on)
    writeFiles(tree.path, { 'staged.txt': 'only in the index\n' })
    on.git.gitIn(tree.path, 'add', '-A')
    const blob = on.git.gitIn(tree.path, 'rev-parse', ':staged.txt')
    await remove(on, tree.path, { gate: { discard: DISCARD_ALL } })
    rmSync(trashTreePath(tree.path, 'r1'), { recursive: true })
    rmSync(removalDir(on.repo.commonDir, 'r1'), { recursive: true })
    expect(survivesGc(on, blob)).toBe(true)
    expect(on.git.git('show', 'refs/parallel-cc/rescue/r1/index:staged.txt')).toBe('only in the index')
  })

  it('keep commits that only a reflog knew', async () => {
    const on = await ground()
    const tree = addTree(on)
    const amended = on.git.commit('first try', { f: '1' }, tree.path)
    const dropped = on.git.commit('dropped', { g: '1' }, tree.path)
    on.git.gitIn(tree.path, 'reset', '-q', '--hard', tree.base)
    const outcome = await remove(on, tree.path)
    expect(outcome).toMatchObject({ outcome: 'removed', branchDeleted: true })
    expect(survivesGc(on, dropped)).toBe(true)
    expect(exists(on, amended)).toBe(true)
    const parents = on.git.git('rev-parse', 'refs/parallel-cc/rescue/r1/reflog^@').split('\n')
    expect(parents).toEqual([dropped])
  })

  it('keep what refs of the tree itself and ORIG_HEAD name', async () => {
    const on = await ground()
    const tree = addTree(on)
    const mine = on.git.gitIn(tree.path, 'commit-tree', '-m', 'mine', 'HEAD^{tree}')
    const orig = on.git.gitIn(tree.path, 'commit-tree', '-m', 'orig', 'HEAD^{tree}')
    on.git.gitIn(tree.path, 'update-ref', 'refs/worktree/mine', mine)
    writeFileSync(join(tree.adminDir, 'ORIG_HEAD'), `${orig}\n`)
    await remove(on, tree.path)
    expect(survivesGc(on, mine) && exists(on, orig)).toBe(true)
  })

  it('pass over what a reflog names and is gone, so that gc goes on working', async () => {
    const on = await ground()
    const tree = addTree(on)
    const dropped = on.git.commit('dropped', { g: '1' }, tree.path)
    on.git.gitIn(tree.path, 'reset', '-q', '--hard', tree.base)
    const blob = on.git.git('rev-parse', `${dropped}:g`)
    rmSync(join(on.repo.commonDir, 'objects', blob.slice(0, 2), blob.slice(2)))
    expect(await remove(on, tree.path)).toMatchObject({ outcome: 'removed' })
    on.git.git('gc', '--quiet', '--prune=now')
    expect(on.git.git('for-each-ref', '--format=%(refname)', 'refs/parallel-cc')).toBe(
      'refs/parallel-cc/rescue/r1/head',
    )
  })

  it('are made without signing, hooks or an identity', async () => {
    const on = await ground()
    const tree = addTree(on)
    const hook = join(on.repo.commonDir, 'hooks', 'reference-transaction')
    mkdirSync(join(on.repo.commonDir, 'hooks'), { recursive: true })
    writeFileSync(hook, `#!/bin/sh\ntouch ${join(on.git.base, 'hook-ran')}\nexit 1\n`, { mode: 0o755 })
    on.git.git('config', 'commit.gpgSign', 'true')
    on.git.git('config', 'user.useConfigOnly', 'true')
    writeFiles(tree.path, { s: 's' })
    on.git.gitIn(tree.path, 'add', 's')
    expect(await remove(on, tree.path, { gate: { discard: DISCARD_ALL } })).toMatchObject({
      outcome: 'removed',
    })
    expect(existsSync(join(on.git.base, 'hook-ran'))).toBe(false)
    expect(on.git.git('log', '-1', '--format=%an <%ae> %aI', 'refs/parallel-cc/rescue/r1/index')).toBe(
      'parallel-cc <parallel-cc@localhost> 2026-03-04T05:06:07+00:00',
    )
  })
})

describe('links in a tree', () => {
  it('leave what a linked node_modules points to untouched, through removal and restore', async () => {
    const on = await ground()
    writeFiles(on.git.root, { 'node_modules/dep/index.js': 'dep\n' })
    writeFileSync(join(on.repo.commonDir, 'info', 'exclude'), 'node_modules\n')
    const tree = addTree(on)
    symlinkSync(join(on.git.root, 'node_modules'), join(tree.path, 'node_modules'))
    const { before, after } = await roundTrip(on, tree)
    expect(after).toEqual(before)
    await remove(on, tree.path, { id: 'r2' })
    expect(lstatSync(join(trashTreePath(tree.path, 'r2'), 'node_modules')).isSymbolicLink()).toBe(true)
    expect(readFileSync(join(on.git.root, 'node_modules/dep/index.js'), 'utf8')).toBe('dep\n')
  })
})

async function removed(): Promise<{ on: Ground; tree: Tree; tip: string }> {
  const on = await ground()
  const tree = addTree(on)
  const tip = on.git.commit('work', { w: 'w' }, tree.path)
  await remove(on, tree.path, { gate: { landed: squashLanded } })
  return { on, tree, tip }
}

describe('restore refuses', () => {
  it('when the path is taken, and says what to do', async () => {
    const { on, tree } = await removed()
    mkdirSync(tree.path)
    await expect(restoreRemoval(on.repo, 'r1', ACTOR)).rejects.toMatchObject({
      code: 'WORKTREE_RESTORE_BLOCKED',
      message: `something else is at ${tree.path} now`,
      hint: `Move ${tree.path} away, then run \`parallel-cc restore r1\` again.`,
    })
    rmSync(tree.path, { recursive: true })
    await restoreRemoval(on.repo, 'r1', ACTOR)
    expect(existsSync(join(tree.path, 'w'))).toBe(true)
  })

  it('when the branch is at another commit', async () => {
    const { on, tree, tip } = await removed()
    on.git.git('branch', 'alpha', 'main')
    await expect(restoreRemoval(on.repo, 'r1', ACTOR)).rejects.toMatchObject({
      code: 'WORKTREE_RESTORE_BLOCKED',
      message: `branch 'alpha' is at ${tree.base.slice(0, 12)} now, the removed tree was at ${tip.slice(0, 12)}`,
      hint: 'Rename it (git branch -m alpha <other name>), then run `parallel-cc restore r1` again.',
    })
    on.git.git('branch', '-m', 'alpha', 'moved')
    await restoreRemoval(on.repo, 'r1', ACTOR)
    expect(on.git.git('rev-parse', 'alpha')).toBe(tip)
  })

  it('when the branch is checked out elsewhere', async () => {
    const { on, tip } = await removed()
    const elsewhere = join(on.git.base, 'elsewhere')
    on.git.git('worktree', 'add', '-q', '-b', 'alpha', elsewhere, tip)
    await expect(restoreRemoval(on.repo, 'r1', ACTOR)).rejects.toMatchObject({
      code: 'WORKTREE_RESTORE_BLOCKED',
      message: `branch 'alpha' is checked out at ${elsewhere}`,
    })
  })

  it('when a branch stands in the way of its name, and can be repeated', async () => {
    const { on, tip } = await removed()
    on.git.git('branch', 'alpha/sub', 'main')
    await expect(restoreRemoval(on.repo, 'r1', ACTOR)).rejects.toMatchObject({
      code: 'WORKTREE_RESTORE_BLOCKED',
    })
    on.git.git('branch', '-D', 'alpha/sub')
    await restoreRemoval(on.repo, 'r1', ACTOR)
    expect(on.git.git('rev-parse', 'alpha')).toBe(tip)
  })

  it('an unknown, an ambiguous and a spent id', async () => {
    const on = await ground()
    for (const id of ['abc1', 'abc2']) await remove(on, addTree(on, id).path, { id })
    const unknown = { code: 'WORKTREE_REMOVAL_NOT_FOUND' }
    await expect(restoreRemoval(on.repo, 'zzz', ACTOR)).rejects.toMatchObject(unknown)
    await expect(restoreRemoval(on.repo, '', ACTOR)).rejects.toMatchObject(unknown)
    await expect(restoreRemoval(on.repo, '../../x', ACTOR)).rejects.toMatchObject(unknown)
    await expect(restoreRemoval(on.repo, 'abc', ACTOR)).rejects.toMatchObject({
      ...unknown,
      hint: 'Name one of them: abc2, abc1',
    })
    expect((await restoreRemoval(on.repo, 'abc2', ACTOR)).id).toBe('abc2')
    expect((await restoreRemoval(on.repo, 'ab', ACTOR)).id).toBe('abc1')
    await expect(restoreRemoval(on.repo, 'abc1', ACTOR)).rejects.toMatchObject(unknown)
  })

  it('while another process works on it, and lets one of two win', async () => {
    const { on } = await removed()
    const results = await Promise.allSettled([
      restoreRemoval(on.repo, 'r1', ACTOR),
      restoreRemoval(on.repo, 'r1', ACTOR),
    ])
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const refused = results.find((result) => result.status === 'rejected')
    expect(['WORKTREE_RESTORE_BLOCKED', 'WORKTREE_REMOVAL_NOT_FOUND']).toContain(refused?.reason.code)
  })

  it('when the tree is not in the trash any more, and names the rescue ref', async () => {
    const { on, tree } = await removed()
    rmSync(trashTreePath(tree.path, 'r1'), { recursive: true })
    await expect(restoreRemoval(on.repo, 'r1', ACTOR)).rejects.toMatchObject({
      code: 'WORKTREE_REMOVAL_NOT_FOUND',
      hint: 'Its commits are still there: git branch <name> refs/parallel-cc/rescue/r1/head',
    })
  })
})

describe('the list of removals', () => {
  it('is empty where nothing was removed', async () => {
    expect(await readRemovals((await ground()).repo)).toEqual({ removals: [], broken: [] })
  })

  it('shows the newest first, with why they went', async () => {
    const on = await ground()
    const [one, two, three] = [addTree(on, 'one'), addTree(on, 'two'), addTree(on, 'three')]
    const tip = on.git.commit('work', { w: 'w' }, two.path)
    writeFiles(one.path, { u: 'u' })
    on.git.commit('kept elsewhere', { k: 'k' }, three.path)
    on.git.git('branch', 'copy', 'three')
    await remove(on, one.path, { id: 'a', now: '2026-01-01T00:00:00.000Z', gate: { discard: DISCARD_ALL } })
    await remove(on, two.path, { id: 'b', now: '2026-01-03T00:00:00.000Z', gate: { discard: DISCARD_ALL } })
    await remove(on, three.path, { id: 'c', now: '2026-01-02T00:00:00.000Z' })
    const removals = await listRemovals(on.repo)
    expect(removals.map(({ id, reasons }) => [id, ...reasons])).toEqual([
      ['b', 'unlanded'],
      ['c', 'on-other-ref'],
      ['a', 'no-work', 'untracked'],
    ])
    expect(removals[0]).toEqual({
      id: 'b',
      path: two.path,
      branch: 'two',
      removedAt: '2026-01-03T00:00:00.000Z',
      reasons: ['unlanded'],
      head: tip,
      rescueRef: 'refs/parallel-cc/rescue/b/head',
    })
  })

  it('reports what it cannot use and shows the rest', async () => {
    const on = await ground()
    const tree = addTree(on)
    await remove(on, tree.path)
    const root = join(removalDir(on.repo.commonDir, 'x'), '..')
    const good = JSON.parse(readFileSync(join(root, 'r1', 'manifest.json'), 'utf8')) as Record<
      string,
      unknown
    >
    const garbage: Record<string, unknown> = {
      array: [],
      nothing: null,
      newer: { ...good, id: 'newer', version: 2 },
      elsewhere: { ...good, id: 'elsewhere', trashPath: '/etc' },
      otherid: good,
      badname: { ...good, id: 'badname', adminName: '../..' },
    }
    for (const [id, value] of Object.entries(garbage))
      writeFiles(root, { [`${id}/manifest.json`]: JSON.stringify(value) })
    writeFiles(root, {
      'text/manifest.json': '{"half',
      'none/other': '',
      'a file': 'x',
      'con/manifest.json': '{}',
    })
    const { removals, broken } = await readRemovals(on.repo)
    expect(removals.map(({ id }) => id)).toEqual(['r1'])
    expect(Object.fromEntries(broken.map(({ id, why }) => [id, why]))).toEqual({
      array: 'its manifest has version undefined, this program knows 1',
      nothing: 'its manifest is not an object',
      newer: 'its manifest has version 2, this program knows 1',
      elsewhere: 'its manifest has fields missing or wrong',
      otherid: 'its manifest has fields missing or wrong',
      badname: 'its manifest has fields missing or wrong',
      text: 'its manifest is not JSON',
      none: 'it has no manifest',
      'a file': 'its name is not an id',
      con: 'its name is not an id',
    })
    await expect(restoreRemoval(on.repo, 'text', ACTOR)).rejects.toMatchObject({
      code: 'WORKTREE_REMOVAL_NOT_FOUND',
      message: "removal 'text' cannot be used: its manifest is not JSON",
    })
    expect(NOW).toBe(removals[0]?.removedAt)
  })
})
