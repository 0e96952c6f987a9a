import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFiles } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'
import { restoreRemoval } from '../../src/removals.js'
import {
  ACTOR,
  addTree,
  type Ground,
  ground,
  judge,
  reasonsOf,
  remove,
  snapshot,
  squashLanded,
  type Tree,
} from './ground.js'

interface Scene {
  on: Ground
  tree: Tree
  sub: string
}

/** A tree with an initialised submodule `lib` that has itself one, `deep`. */
async function scene(): Promise<Scene> {
  const on = await ground()
  const { git } = on
  const origins = join(git.base, 'origins')
  for (const name of ['deep', 'lib']) {
    git.gitIn(git.base, 'init', '-q', '-b', 'main', join(origins, name))
    git.commit(`first of ${name}`, { [`${name}.txt`]: `${name}\n` }, join(origins, name))
  }
  git.gitIn(join(origins, 'lib'), 'submodule', '--quiet', 'add', join(origins, 'deep'), 'deep')
  git.commit('with deep', {}, join(origins, 'lib'))
  git.git('submodule', '--quiet', 'add', join(origins, 'lib'), 'vendor/lib')
  git.commit('with lib')
  const tree = addTree(on)
  git.gitIn(tree.path, 'submodule', '--quiet', 'update', '--init', '--recursive')
  return { on, tree, sub: join(tree.path, 'vendor/lib') }
}

async function unpushed(): Promise<Scene & { tip: string }> {
  const made = await scene()
  const tip = made.on.git.commit('only here', { new: 'n' }, made.sub)
  made.on.git.commit('bump', {}, made.tree.path)
  return { ...made, tip }
}

describe('submodules', () => {
  it('go with a tree whose submodules are clean, and come back with it', async () => {
    const { on, tree, sub } = await scene()
    const before = snapshot(on, tree)
    expect((await judge(on, tree.path)).reasons).toEqual([])
    expect(await remove(on, tree.path)).toMatchObject({ outcome: 'removed' })
    expect(existsSync(tree.path)).toBe(false)
    await restoreRemoval(on.repo, 'r1', ACTOR)
    expect(snapshot(on, tree)).toEqual(before)
    expect(on.git.gitIn(join(sub, 'deep'), 'status', '--porcelain')).toBe('')
  })

  it('come back working when another tree has taken the name of the registration', async () => {
    const { on, tree, sub } = await scene()
    const before = snapshot(on, tree)
    await remove(on, tree.path)
    on.git.git('worktree', 'add', '-q', '-b', 'other', join(on.git.base, 'elsewhere', 'alpha'))
    await restoreRemoval(on.repo, 'r1', ACTOR)
    const after = snapshot(on, { ...tree, adminDir: `${tree.adminDir}1` })
    expect({ ...after, files: null, admin: null }).toEqual({ ...before, files: null, admin: null })
    expect(on.git.gitIn(join(sub, 'deep'), 'status', '--porcelain')).toBe('')
    expect(on.git.gitIn(sub, 'rev-parse', '--absolute-git-dir')).toBe(`${tree.adminDir}1/modules/vendor/lib`)
    expect((await judge(on, tree.path)).reasons).toEqual([])
  })

  it('keep a tree whose submodule has unpushed work, which plain git throws away', async () => {
    const lost = await unpushed()
    lost.on.git.git('worktree', 'remove', '--force', lost.tree.path)
    expect(existsSync(join(lost.tree.adminDir, 'modules'))).toBe(false)

    const { on, tree } = await unpushed()
    const verdict = await judge(on, tree.path, {
      landed: squashLanded,
      discard: ['uncommitted', 'untracked', 'unlanded'],
    })
    expect(verdict).toMatchObject({ allowed: false })
    expect(verdict.reasons).toMatchObject([
      {
        reason: 'submodule',
        message: 'submodule vendor/lib: 1 commit that no remote has',
        discardable: null,
      },
    ])
  })

  it('keep a tree whose submodule has uncommitted work at any depth', async () => {
    const { on, tree, sub } = await scene()
    writeFiles(join(sub, 'deep'), { 'draft.txt': 'd' })
    const verdict = await judge(on, tree.path, { discard: ['uncommitted', 'untracked'] })
    expect(verdict.reasons.map(({ message }) => message)).toContain(
      'submodule vendor/lib/deep: 1 uncommitted change',
    )
    expect(verdict.allowed).toBe(false)
  })

  it('keep a tree whose submodule has a stash, a parked merge, or commits on a branch that is not checked out', async () => {
    const { on, tree, sub } = await scene()
    writeFiles(sub, { 'lib.txt': 'changed\n' })
    on.git.gitIn(sub, 'stash', '-q')
    expect((await judge(on, tree.path)).reasons.map(({ message }) => message)).toEqual([
      'submodule vendor/lib: it has a stash',
    ])
    on.git.gitIn(sub, 'stash', 'drop', '-q')
    on.git.gitIn(sub, 'switch', '-q', '-c', 'side')
    on.git.commit('side', { side: 's' }, sub)
    on.git.gitIn(sub, 'switch', '-q', '--detach', 'main')
    expect((await judge(on, tree.path)).reasons.map(({ message }) => message)).toEqual([
      'submodule vendor/lib: 1 commit that no remote has',
    ])
    on.git.gitIn(sub, 'merge', '-q', '--no-ff', '--no-commit', 'side')
    expect((await judge(on, tree.path)).reasons.map(({ message }) => message)).toContain(
      'submodule vendor/lib: a merge is under way',
    )
  })

  it('keep a tree whose admin directory holds the repository of a submodule that is not in it any more', async () => {
    const { on, tree, sub } = await scene()
    on.git.gitIn(sub, 'switch', '-q', '-c', 'side')
    on.git.commit('side', { side: 's' }, sub)
    on.git.gitIn(tree.path, 'rm', '-q', '-f', 'vendor/lib')
    on.git.gitIn(tree.path, 'commit', '-q', '-m', 'no lib')
    const verdict = await judge(on, tree.path, { landed: squashLanded })
    expect(reasonsOf(verdict)).toEqual(['submodule'])
    expect(verdict.reasons[0]?.message).toContain('1 commit that no remote has')
  })

  it('keep a tree when a submodule changes between judging and removing', async () => {
    const { on, tree, sub } = await scene()
    const verdict = await judge(on, tree.path)
    const { removeWorktree } = await import('../../src/remove.js')
    const outcome = await removeWorktree(verdict, {
      ...ACTOR,
      repo: on.repo,
      id: 'r1',
      recheck: async () => {
        writeFiles(join(sub, 'deep'), { 'late.txt': 'late' })
        return verdict
      },
    })
    expect(outcome).toMatchObject({ outcome: 'kept', reasons: [{ reason: 'changed-meanwhile' }] })
    expect(readFileSync(join(sub, 'deep/late.txt'), 'utf8')).toBe('late')
    expect(on.git.gitIn(join(sub, 'deep'), 'status', '--porcelain')).toBe('?? late.txt')
  })
})
