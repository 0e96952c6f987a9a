import { spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { writeFiles } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'
import type { GateVerdict } from '../src/gate.js'
import { listRemovals, restoreRemoval } from '../src/removals.js'
import { type RemoveOptions, removeWorktree } from '../src/remove.js'
import { repairRemovals } from '../src/repair-removals.js'
import { openRepo } from '../src/repo.js'
import { removalDir, trashTreePath } from '../src/trash/paths.js'
import {
  ACTOR,
  addTree,
  DISCARD_ALL,
  exists,
  type Ground,
  ground,
  judge,
  remove,
  snapshot,
  squashLanded,
  survivesGc,
  type Tree,
} from './nothing-lost/ground.js'

/** Removes on a verdict reached before `between` happened. */
async function removeAfter(
  on: Ground,
  tree: Tree,
  between: () => unknown,
  more: { late?: boolean; gate?: Parameters<typeof judge>[2] } & Partial<RemoveOptions> = {},
): Promise<Awaited<ReturnType<typeof removeWorktree>>> {
  const { late = false, gate = {}, ...options } = more
  const verdict = await judge(on, tree.path, gate)
  expect(verdict.allowed).toBe(true)
  if (!late) await between()
  const recheck = async (): Promise<GateVerdict> => {
    if (!late) return judge(on, tree.path, gate)
    // between the second look and the removal itself
    await between()
    return verdict
  }
  return removeWorktree(verdict, { ...ACTOR, repo: on.repo, id: 'r1', recheck, ...options })
}

function nothingLeft(on: Ground, tree: Tree): void {
  const removals = join(on.repo.commonDir, 'parallel-cc', 'removals')
  expect(existsSync(removals) ? readdirSync(removals) : []).toEqual([])
  expect(readdirSync(join(tree.path, '..'))).not.toContain('.parallel-cc-trash')
  expect(on.git.git('for-each-ref', 'refs/parallel-cc')).toBe('')
  expect(existsSync(join(tree.adminDir, 'locked'))).toBe(false)
}

describe('what changes between plan and apply', () => {
  it.each([false, true])('a file that is written is kept (after the second look: %s)', async (late) => {
    const on = await ground()
    const tree = addTree(on)
    const write = (): void => writeFiles(tree.path, { 'late.txt': 'late work\n' })
    const outcome = await removeAfter(on, tree, write, { late })
    expect(outcome).toMatchObject({
      outcome: 'kept',
      reasons: [{ reason: late ? 'changed-meanwhile' : 'untracked' }],
    })
    expect(readFileSync(join(tree.path, 'late.txt'), 'utf8')).toBe('late work\n')
    expect(on.git.gitIn(tree.path, 'status', '--porcelain')).toBe('?? late.txt')
    nothingLeft(on, tree)
  })

  it.each([false, true])(
    'a discarded file that changes again is kept (after the second look: %s)',
    async (late) => {
      const on = await ground()
      const tree = addTree(on)
      writeFiles(tree.path, { draft: 'first\n' })
      const write = (): void => writeFiles(tree.path, { draft: 'second, longer\n' })
      const outcome = await removeAfter(on, tree, write, { late, gate: { discard: DISCARD_ALL } })
      expect(outcome).toMatchObject({ outcome: 'kept', reasons: [{ reason: 'changed-meanwhile' }] })
      expect(readFileSync(join(tree.path, 'draft'), 'utf8')).toBe('second, longer\n')
      nothingLeft(on, tree)
    },
  )

  it.each([false, true])(
    'a tip that moves is kept, with its branch (after the second look: %s)',
    async (late) => {
      const on = await ground()
      const tree = addTree(on)
      let tip = ''
      const commit = (): void => {
        tip = on.git.commit('late', { late: 'l' }, tree.path)
      }
      const outcome = await removeAfter(on, tree, commit, { late, gate: { landed: squashLanded } })
      expect(outcome).toMatchObject({ outcome: 'kept', reasons: [{ reason: 'changed-meanwhile' }] })
      expect(on.git.git('rev-parse', 'alpha')).toBe(tip)
      expect(existsSync(join(tree.path, 'late'))).toBe(true)
      nothingLeft(on, tree)
    },
  )

  it('a tip that was moved from outside the tree is kept', async () => {
    const on = await ground()
    const tree = addTree(on)
    const other = on.git.commit('on main', { m: 'm' })
    const move = (): unknown => on.git.git('update-ref', 'refs/heads/alpha', other)
    expect(await removeAfter(on, tree, move, { late: true })).toMatchObject({ outcome: 'kept' })
    expect(on.git.git('rev-parse', 'alpha')).toBe(other)
    nothingLeft(on, tree)
  })

  it('a lock that is put on it is respected', async () => {
    const on = await ground()
    const tree = addTree(on)
    const lock = (): unknown => on.git.git('worktree', 'lock', '--reason', 'mine', tree.path)
    expect(await removeAfter(on, tree, lock, { late: true })).toMatchObject({
      outcome: 'kept',
      reasons: [{ reason: 'locked' }],
    })
    expect(readFileSync(join(tree.adminDir, 'locked'), 'utf8').trim()).toBe('mine')
  })

  it('a session that comes to life keeps it', async () => {
    const on = await ground()
    const tree = addTree(on)
    const verdict = await judge(on, tree.path)
    const recheck = (): Promise<GateVerdict> => judge(on, tree.path, { hasLiveSession: true })
    expect(await removeWorktree(verdict, { ...ACTOR, repo: on.repo, id: 'r1', recheck })).toMatchObject({
      outcome: 'kept',
      reasons: [{ reason: 'live-session' }],
    })
  })

  it('another fate of the branch is a change too', async () => {
    const on = await ground()
    const tree = addTree(on)
    on.git.commit('work', { w: 'w' }, tree.path)
    on.git.git('branch', 'copy', 'alpha')
    const verdict = await judge(on, tree.path)
    const recheck = (): Promise<GateVerdict> => judge(on, tree.path, { landed: squashLanded })
    expect(await removeWorktree(verdict, { ...ACTOR, repo: on.repo, id: 'r1', recheck })).toMatchObject({
      outcome: 'kept',
      reasons: [{ reason: 'changed-meanwhile' }],
    })
  })
})

describe('what happens once the tree is in the trash', () => {
  it('a use of git from inside it brings it back', async () => {
    const on = await ground({ 'README.md': 'hello\n', '.gitattributes': 'README.md filter=odd\n' })
    const tree = addTree(on)
    writeFiles(tree.path, { 'README.md': 'HELLO\n' })
    // what a commit that is taken back at once leaves; written when git looks at the tree in the trash
    const line = `${tree.base} ${tree.base} A <a@b> 1 +0000\\tlate\\n`
    const log = join(tree.adminDir, 'logs/HEAD')
    on.git.git(
      'config',
      'filter.odd.clean',
      `if [ ! -e '${tree.path}' ]; then printf '${line}' >> '${log}'; fi; cat`,
    )
    on.git.git('config', 'branch.alpha.remote', '.')
    const before = snapshot(on, tree)
    expect(await remove(on, tree.path, { gate: { discard: DISCARD_ALL } })).toMatchObject({
      outcome: 'kept',
      reasons: [{ reason: 'changed-meanwhile', message: 'git was used in it while it was being removed' }],
    })
    expect({ ...snapshot(on, tree), admin: null }).toEqual({ ...before, admin: null })
    expect(readFileSync(log, 'utf8')).toContain('late')
    nothingLeft(on, tree)
  })
})

describe('a removal', () => {
  it('does nothing on a verdict that forbids it', async () => {
    const on = await ground()
    const tree = addTree(on)
    writeFiles(tree.path, { u: 'u' })
    const verdict = await judge(on, tree.path)
    const options = {
      ...ACTOR,
      repo: on.repo,
      id: 'r1',
      recheck: async (): Promise<GateVerdict> => ({ ...verdict, allowed: true }),
    }
    expect(await removeWorktree(verdict, options)).toEqual({ outcome: 'kept', reasons: verdict.reasons })
    expect(existsSync(join(tree.path, 'u'))).toBe(true)
  })

  it('takes branch, reflog, settings and registration, and leaves the rest of the repository as it was', async () => {
    const on = await ground()
    const tree = addTree(on)
    const other = addTree(on, 'beta')
    on.git.git('config', 'branch.alpha.remote', '.')
    on.git.git('config', 'branch.alpha.x.remote', 'of another branch')
    const before = snapshot(on, other)
    expect(await remove(on, tree.path)).toEqual({
      outcome: 'removed',
      removalId: 'r1',
      rescueRef: 'refs/parallel-cc/rescue/r1/head',
      branchDeleted: true,
    })
    expect(on.git.git('worktree', 'list', '--porcelain')).not.toContain('alpha')
    expect(on.git.git('branch', '--list', 'alpha')).toBe('')
    expect(existsSync(join(on.repo.commonDir, 'logs/refs/heads/alpha'))).toBe(false)
    expect(on.git.git('config', '--get-regexp', '^branch\\.alpha')).toBe(
      'branch.alpha.x.remote of another branch',
    )
    expect(snapshot(on, other)).toEqual(before)
    expect(on.git.git('status', '--porcelain')).toBe('')
  })

  it('deletes a landed branch that was renamed, and no other than the one made with the tree', async () => {
    const on = await ground()
    const renamed = addTree(on, 'one')
    on.git.gitIn(renamed.path, 'branch', '-m', 'better')
    on.git.gitIn(renamed.path, 'branch', '-m', 'best')
    expect(await remove(on, renamed.path, { id: 'a' })).toMatchObject({ branchDeleted: true })
    expect(on.git.git('branch', '--list', 'best')).toBe('')

    const switched = addTree(on, 'two')
    on.git.git('branch', 'develop')
    on.git.gitIn(switched.path, 'switch', '-q', 'develop')
    expect(await remove(on, switched.path, { id: 'b' })).toMatchObject({ branchDeleted: false })
    expect(on.git.git('branch', '--list', '--format=%(refname:short)', 'develop', 'two')).toBe('develop\ntwo')
  })

  it('keeps a branch that another tree has checked out or is rebasing, and one that is another name for a ref', async () => {
    const on = await ground()
    const shared = addTree(on, 'shared')
    on.git.git('worktree', 'add', '-q', '--force', join(on.git.base, 'second'), 'shared')
    expect(await remove(on, shared.path, { id: 'a' })).toMatchObject({
      outcome: 'removed',
      branchDeleted: false,
    })

    const rebased = addTree(on, 'rebased')
    const other = addTree(on, 'other')
    writeFiles(other.adminDir, { 'rebase-merge/head-name': 'refs/heads/rebased\n' })
    expect(await remove(on, rebased.path, { id: 'b' })).toMatchObject({
      outcome: 'removed',
      branchDeleted: false,
    })

    const linked = addTree(on, 'linked')
    on.git.git('branch', 'target')
    on.git.git('symbolic-ref', 'refs/heads/linked', 'refs/heads/target')
    expect(await remove(on, linked.path, { id: 'c' })).toMatchObject({
      outcome: 'removed',
      branchDeleted: false,
    })
    expect(on.git.git('branch', '--list', '--format=%(refname:short)', 'target')).toBe('target')
  })

  it('leaves a process that stands in the tree alone, and what it writes later comes back', async () => {
    const on = await ground()
    const tree = addTree(on)
    const child = spawn('/bin/sh', ['-c', 'read go; echo late > by-a-process; ls'], {
      cwd: tree.path,
      stdio: 'pipe',
    })
    const closed = new Promise<string>((resolve) => {
      let out = ''
      child.stdout.on('data', (chunk) => (out += String(chunk)))
      child.on('close', () => resolve(out.trim()))
    })
    expect(await remove(on, tree.path)).toMatchObject({ outcome: 'removed' })
    child.stdin.end('go\n')
    expect(await closed).toBe('README.md\nby-a-process')
    expect(existsSync(join(trashTreePath(tree.path, 'r1'), 'by-a-process'))).toBe(true)
    expect(existsSync(tree.path)).toBe(false)
    await restoreRemoval(on.repo, 'r1', ACTOR)
    expect(readFileSync(join(tree.path, 'by-a-process'), 'utf8')).toBe('late\n')
  })

  it('keeps the tree when the trash is a link, or its folder is taken', async () => {
    const on = await ground()
    const tree = addTree(on)
    const trash = join(tree.path, '..', '.parallel-cc-trash')
    mkdirSync(join(on.git.base, 'elsewhere'))
    symlinkSync(join(on.git.base, 'elsewhere'), trash)
    expect(await remove(on, tree.path)).toMatchObject({
      outcome: 'kept',
      reasons: [{ reason: 'cannot-move' }],
    })
    expect(readdirSync(join(on.git.base, 'elsewhere'))).toEqual([])
    rmSync(trash)
    mkdirSync(join(trash, 'r1', 'other'), { recursive: true })
    expect(await remove(on, tree.path)).toMatchObject({
      outcome: 'kept',
      reasons: [{ reason: 'cannot-move' }],
    })
    expect((await judge(on, tree.path)).allowed).toBe(true)
    expect(on.git.git('for-each-ref', 'refs/parallel-cc')).toBe('')
  })

  it('stays out of the status of a repository that holds its trash', async () => {
    const on = await ground()
    const path = join(on.git.root, 'trees', 'inner')
    on.git.git('worktree', 'add', '-q', '-b', 'inner', path)
    const { writeMarker } = await import('../src/marker.js')
    const base = on.git.git('rev-parse', 'HEAD')
    const adminDir = join(on.repo.commonDir, 'worktrees', 'inner')
    writeMarker(adminDir, { version: 1, id: 'x', path, branch: 'inner', base, createdAt: ACTOR.now })
    expect(await remove(on, path)).toMatchObject({ outcome: 'removed' })
    expect(on.git.git('status', '--porcelain')).toBe('')
    await restoreRemoval(on.repo, 'r1', ACTOR)
    expect(on.git.gitIn(path, 'status', '--porcelain')).toBe('')
  })

  it('refuses an id that is taken or could lead elsewhere', async () => {
    const on = await ground()
    const bad = { code: 'WORKTREE_BAD_NAME' }
    const tree = addTree(on)
    for (const id of ['../up', '', 'a/b', '.hidden', 'nul', 'x'.repeat(65), '-dash']) {
      await expect(remove(on, tree.path, { id })).rejects.toMatchObject(bad)
    }
    await remove(on, addTree(on, 'beta').path)
    await expect(remove(on, tree.path)).rejects.toMatchObject(bad)
    expect((await judge(on, tree.path)).allowed).toBe(true)
    expect((await listRemovals(on.repo)).map(({ branch }) => branch)).toEqual(['beta'])
  })

  it('undoes itself when git fails half way, and says why', async () => {
    const on = await ground()
    const tree = addTree(on)
    const before = snapshot(on, tree)
    // a directory where a rescue ref must go
    mkdirSync(join(on.repo.commonDir, 'refs/parallel-cc/rescue/r1/head/x'), { recursive: true })
    writeFileSync(join(on.repo.commonDir, 'refs/parallel-cc/rescue/r1/head/x/y.lock'), '')
    await expect(remove(on, tree.path)).rejects.toMatchObject({ code: 'WORKTREE_GIT_FAILED' })
    rmSync(join(on.repo.commonDir, 'refs/parallel-cc'), { recursive: true })
    expect(snapshot(on, tree)).toEqual(before)
    nothingLeft(on, tree)
  })

  it('that can neither go on nor be undone loses nothing, and is repaired', async () => {
    const on = await ground({ 'README.md': 'hello\n', '.gitattributes': 'README.md filter=odd\n' })
    const tree = addTree(on)
    // of the same size, so that git must read it
    writeFiles(tree.path, { 'README.md': 'HELLO\n' })
    const before = snapshot(on, tree)
    // git runs it to look at the tree in the trash: it takes the old path, and then fails
    const filter = `if [ -e '${tree.path}' ]; then cat; else mkdir '${tree.path}'; exit 1; fi`
    on.git.git('config', 'filter.odd.clean', filter)
    on.git.git('config', 'filter.odd.required', 'true')
    await expect(remove(on, tree.path, { gate: { discard: DISCARD_ALL } })).rejects.toMatchObject({
      code: 'WORKTREE_FS_FAILED',
      message: `the removal of ${tree.path} failed, and so did undoing it`,
    })
    expect(await repairRemovals(on.repo, ACTOR)).toMatchObject([{ action: 'completed' }])
    rmSync(tree.path, { recursive: true })
    on.git.git('config', '--remove-section', 'filter.odd')
    await restoreRemoval(on.repo, 'r1', ACTOR)
    expect(snapshot(on, tree)).toEqual(before)
  })

  it('works in a repository without a main tree, and comes back', async () => {
    const on = await ground()
    const bare = join(on.git.base, 'bare.git')
    on.git.git('clone', '-q', '--bare', on.git.root, bare)
    const gitIn = (...args: string[]): string => on.git.gitIn(bare, ...args)
    const inBare: Ground = { git: { ...on.git, root: bare, git: gitIn }, repo: await openRepo(bare) }
    const tree = addTree(inBare)
    writeFiles(tree.path, { u: 'u' })
    const before = snapshot(inBare, tree)
    expect(await remove(inBare, tree.path, { gate: { discard: DISCARD_ALL } })).toMatchObject({
      branchDeleted: true,
    })
    await restoreRemoval(inBare.repo, 'r1', ACTOR)
    expect(snapshot(inBare, tree)).toEqual(before)
    expect((await judge(inBare, bare)).reasons).toMatchObject([{ reason: 'main-worktree' }])
  })

  it('works in a repository with SHA-256 ids', async () => {
    const on = await ground()
    const root = join(on.git.base, 'sha256')
    on.git.gitIn(on.git.base, 'init', '-q', '-b', 'main', '--object-format=sha256', root)
    on.git.commit('first', { 'README.md': 'hello\n' }, root)
    const gitIn = (...args: string[]): string => on.git.gitIn(root, ...args)
    const inSha: Ground = { git: { ...on.git, root, git: gitIn }, repo: await openRepo(root) }
    const tree = addTree(inSha)
    on.git.commit('dropped', { d: 'd' }, tree.path)
    on.git.gitIn(tree.path, 'reset', '-q', '--soft', 'HEAD~1')
    const before = snapshot(inSha, tree)
    expect(await remove(inSha, tree.path, { gate: { discard: DISCARD_ALL } })).toMatchObject({
      outcome: 'removed',
    })
    expect(gitIn('for-each-ref', '--format=%(refname:lstrip=4)', 'refs/parallel-cc').split('\n')).toEqual([
      'head',
      'index',
      'reflog',
    ])
    await restoreRemoval(inSha.repo, 'r1', ACTOR)
    expect(snapshot(inSha, tree)).toEqual(before)
  })

  it('of many at once each takes its own tree', async () => {
    const on = await ground()
    const trees = Array.from({ length: 8 }, (_, n) => addTree(on, `t${n}`))
    for (const tree of trees) on.git.git('config', `branch.${tree.branch}.remote`, '.')
    const outcomes = await Promise.all(trees.map((tree) => remove(on, tree.path, { id: `r-${tree.branch}` })))
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(trees.map(() => 'removed'))
    const restored = await Promise.all(
      trees.map((tree) => restoreRemoval(on.repo, `r-${tree.branch}`, ACTOR)),
    )
    expect(restored.map(({ path }) => path)).toEqual(trees.map(({ path }) => path))
    for (const tree of trees) expect(on.git.gitIn(tree.path, 'status', '--porcelain')).toBe('')
    expect(readdirSync(join(on.repo.commonDir, 'worktrees')).toSorted()).toEqual(
      trees.map(({ branch }) => branch),
    )
  })

  it('of two at once for the same tree one wins', async () => {
    const on = await ground()
    const tree = addTree(on)
    const outcomes = await Promise.all([
      remove(on, tree.path, { id: 'a' }),
      remove(on, tree.path, { id: 'b' }),
    ])
    expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(['kept', 'removed'])
    expect(await listRemovals(on.repo)).toHaveLength(1)
  })

  it('keeps a tree that cannot be moved, when it may not write beside it', async () => {
    const on = await ground()
    const tree = addTree(on)
    const parent = join(tree.path, '..')
    if (process.getuid?.() === 0) {
      // root may write anywhere; a file in the place of the trash stops it as well
      writeFileSync(join(parent, '.parallel-cc-trash'), '')
    } else chmodSync(parent, 0o555)
    const outcome = await remove(on, tree.path)
    chmodSync(parent, 0o755)
    expect(outcome).toMatchObject({ outcome: 'kept', reasons: [{ reason: 'cannot-move' }] })
    expect((await judge(on, tree.path)).allowed).toBe(true)
  })
})

describe('what was discarded', () => {
  it('is in the trash and in rescue refs', async () => {
    const on = await ground()
    const tree = addTree(on)
    const tip = on.git.commit('unlanded', { un: 'landed' }, tree.path)
    writeFiles(tree.path, { untracked: 'u', 'README.md': 'changed' })
    const verdict = await judge(on, tree.path, { discard: DISCARD_ALL })
    expect(verdict).toMatchObject({
      allowed: true,
      reasons: [],
      discarded: ['unstaged', 'untracked', 'unlanded'],
    })
    await remove(on, tree.path, { gate: { discard: DISCARD_ALL } })
    expect(readFileSync(join(trashTreePath(tree.path, 'r1'), 'untracked'), 'utf8')).toBe('u')
    expect(survivesGc(on, tip)).toBe(true)
    expect(exists(on, 'refs/heads/alpha')).toBe(false)
  })

  it('is only what each word names', async () => {
    const on = await ground()
    const tree = addTree(on)
    on.git.commit('unlanded', { un: 'landed' }, tree.path)
    writeFiles(tree.path, { untracked: 'u', 'README.md': 'changed' })
    const left = async (...discard: ('uncommitted' | 'untracked' | 'unlanded')[]): Promise<string[]> =>
      (await judge(on, tree.path, { discard })).reasons.map(({ reason }) => reason)
    expect(await left('uncommitted')).toEqual(['untracked', 'unlanded'])
    expect(await left('untracked')).toEqual(['unstaged', 'unlanded'])
    expect(await left('unlanded')).toEqual(['unstaged', 'untracked'])
    expect(removalDir(on.repo.commonDir, 'r1')).toBe(join(on.repo.commonDir, 'parallel-cc/removals/r1'))
  })
})
