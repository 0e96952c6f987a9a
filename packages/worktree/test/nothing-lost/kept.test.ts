import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { writeFiles } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'
import {
  addTree,
  exists,
  forceAway,
  type Ground,
  ground,
  judge,
  reasonsOf,
  remove,
  squashLanded,
  survivesGc,
  type Tree,
} from './ground.js'

interface Scene {
  on: Ground
  tree: Tree
}

/** Builds the same scene twice: one shows what plain git loses, the other what the gate does about it. */
async function twice(build: (scene: Scene) => void | Promise<void>): Promise<[lost: Scene, kept: Scene]> {
  const scenes: Scene[] = []
  for (let count = 0; count < 2; count += 1) {
    const on = await ground()
    const scene = { on, tree: addTree(on) }
    await build(scene)
    scenes.push(scene)
  }
  return scenes as [Scene, Scene]
}

function commits({ on, tree }: Scene, count: number): string[] {
  return Array.from({ length: count }, (_, n) =>
    on.git.commit(`work ${n}`, { [`work-${n}`]: `${n}\n` }, tree.path),
  )
}

function replaceByRepository({ on, tree }: Scene): void {
  rmSync(tree.path, { recursive: true })
  mkdirSync(tree.path)
  on.git.gitIn(tree.path, 'init', '-q')
  on.git.commit('precious', { precious: 'p' }, tree.path)
}

function conflict({ on, tree }: Scene): void {
  on.git.commit('ours', { 'README.md': 'main\n' })
  on.git.commit('theirs', { 'README.md': 'tree\n' }, tree.path)
}

describe('work in the files of a tree', () => {
  it('keeps an untracked file in a squash-merged tree', async () => {
    const [lost, { on, tree }] = await twice((scene) => {
      scene.on.git.commit('feature', { feature: 'one\n' }, scene.tree.path)
      scene.on.git.git('merge', '-q', '--squash', scene.tree.branch)
      scene.on.git.commit('squashed')
      writeFiles(scene.tree.path, { 'notes.txt': 'not saved anywhere\n' })
    })
    forceAway(lost.on, lost.tree)
    expect(existsSync(join(lost.tree.path, 'notes.txt'))).toBe(false)

    const outcome = await remove(on, tree.path, { gate: { landed: squashLanded } })
    expect(outcome).toMatchObject({
      outcome: 'kept',
      reasons: [{ reason: 'untracked', message: '1 untracked file' }],
    })
    expect(readFileSync(join(tree.path, 'notes.txt'), 'utf8')).toBe('not saved anywhere\n')
  })

  it('keeps what was only staged', async () => {
    const [lost, { on, tree }] = await twice((scene) => {
      writeFiles(scene.tree.path, { 'README.md': 'staged words\n' })
      scene.on.git.gitIn(scene.tree.path, 'add', '-A')
      writeFiles(scene.tree.path, { 'README.md': 'hello\n' })
    })
    const blob = lost.on.git.gitIn(lost.tree.path, 'rev-parse', ':README.md')
    forceAway(lost.on, lost.tree)
    expect(survivesGc(lost.on, blob)).toBe(false)

    expect(reasonsOf(await judge(on, tree.path))).toEqual(['staged', 'unstaged'])
    expect(await remove(on, tree.path)).toMatchObject({ outcome: 'kept' })
  })

  it('keeps a change that assume-unchanged or skip-worktree hides from git status', async () => {
    for (const mark of ['--assume-unchanged', '--skip-worktree']) {
      const [lost, { on, tree }] = await twice((scene) => {
        scene.on.git.gitIn(scene.tree.path, 'update-index', mark, 'README.md')
        writeFiles(scene.tree.path, { 'README.md': 'hidden work\n' })
        expect(scene.on.git.gitIn(scene.tree.path, 'status', '--porcelain')).toBe('')
      })
      lost.on.git.git('worktree', 'remove', lost.tree.path)
      expect(existsSync(lost.tree.path)).toBe(false)

      expect(reasonsOf(await judge(on, tree.path))).toEqual(['unstaged'])
    }
  })

  it('lets a tree go whose hidden files are as they were committed', async () => {
    const on = await ground()
    const tree = addTree(on)
    on.git.gitIn(tree.path, 'update-index', '--skip-worktree', 'README.md')
    expect((await judge(on, tree.path)).allowed).toBe(true)
  })

  it('keeps an intent-to-add file', async () => {
    const [lost, { on, tree }] = await twice((scene) => {
      writeFiles(scene.tree.path, { 'planned.txt': 'soon\n' })
      scene.on.git.gitIn(scene.tree.path, 'add', '-N', 'planned.txt')
    })
    forceAway(lost.on, lost.tree)
    expect(existsSync(join(lost.tree.path, 'planned.txt'))).toBe(false)
    expect(reasonsOf(await judge(on, tree.path))).toEqual(['unstaged'])
  })

  it('keeps ignored files only when they match worktree.keepIgnored', async () => {
    const files = { '.git-ignored/.env.local': 'x', 'sub/.env': 'SECRET=1\n', 'build/out.o': 'o' }
    const [lost, { on, tree }] = await twice((scene) => {
      writeFileSync(join(scene.on.repo.commonDir, 'info', 'exclude'), '.env*\nbuild/\n.git-ignored/\n')
      writeFiles(scene.tree.path, files)
    })
    lost.on.git.git('worktree', 'remove', lost.tree.path)
    expect(existsSync(join(lost.tree.path, 'sub/.env'))).toBe(false)

    expect((await judge(on, tree.path)).allowed).toBe(true)
    const verdict = await judge(on, tree.path, { keepIgnored: ['.env'] })
    expect(verdict.reasons).toMatchObject([
      { reason: 'ignored', message: '1 ignored file to keep: sub/.env' },
    ])
    expect(reasonsOf(await judge(on, tree.path, { keepIgnored: ['build/'] }))).toEqual(['ignored'])
    expect(reasonsOf(await judge(on, tree.path, { keepIgnored: ['/sub/.env'] }))).toEqual(['ignored'])
    expect((await judge(on, tree.path, { keepIgnored: ['.env', '!sub/.env'] })).allowed).toBe(true)
    expect((await judge(on, tree.path, { keepIgnored: ['/.env', '!x'] })).allowed).toBe(true)
    const discard = await judge(on, tree.path, { keepIgnored: ['.env'], discard: ['untracked'] })
    expect(discard).toMatchObject({ allowed: true, discarded: ['ignored'] })
  })

  it('keeps a tree with a repository of its own in an ignored folder', async () => {
    const [lost, { on, tree }] = await twice((scene) => {
      writeFileSync(join(scene.on.repo.commonDir, 'info', 'exclude'), 'vendor/\n')
      const inner = join(scene.tree.path, 'vendor', 'lib')
      mkdirSync(inner, { recursive: true })
      scene.on.git.gitIn(inner, 'init', '-q')
      scene.on.git.commit('only here', { a: 'a' }, inner)
    })
    lost.on.git.git('worktree', 'remove', lost.tree.path)
    expect(existsSync(join(lost.tree.path, 'vendor/lib/a'))).toBe(false)
    const verdict = await judge(on, tree.path)
    expect(verdict.reasons).toMatchObject([
      { reason: 'ignored', message: '1 ignored file to keep: vendor/lib/' },
    ])
  })

  it('keeps an unmerged file', async () => {
    const [lost, { on, tree }] = await twice((scene) => {
      const { git } = scene.on
      git.commit('theirs', { 'README.md': 'theirs\n' })
      writeFiles(scene.tree.path, { 'README.md': 'mine\n' })
      git.gitIn(scene.tree.path, 'stash', '-q')
      git.gitIn(scene.tree.path, 'merge', '-q', 'main')
      expect(() => git.gitIn(scene.tree.path, 'stash', 'pop', '-q')).toThrow()
      git.gitIn(scene.tree.path, 'stash', 'drop', '-q')
    })
    forceAway(lost.on, lost.tree)
    expect(existsSync(lost.tree.path)).toBe(false)
    const verdict = await judge(on, tree.path)
    expect(reasonsOf(verdict)).toEqual(['conflicted'])
    expect(verdict.reasons[0]?.discardable).toBe('uncommitted')
  })

  describe('an LFS pointer where git-lfs is missing', () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n'
    const build =
      (required: string, refreshed: boolean) =>
      (scene: Scene): void => {
        const { git } = scene.on
        git.commit('pointer', {
          '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n',
          'a.bin': pointer,
        })
        git.gitIn(scene.tree.path, 'merge', '-q', 'main')
        if (refreshed) {
          // an index that was written in the same instant as the file makes git read the file again
          utimesSync(join(scene.tree.path, 'a.bin'), 1, 1)
          git.gitIn(scene.tree.path, 'update-index', '--refresh')
        }
        git.git('config', 'filter.lfs.clean', 'no-such-git-lfs clean -- %f')
        git.git('config', 'filter.lfs.smudge', 'no-such-git-lfs smudge -- %f')
        git.git('config', 'filter.lfs.required', required)
      }

    it.each(['true', 'false'])('is no change (required: %s)', async (required) => {
      const [{ on, tree }] = await twice(build(required, true))
      expect(reasonsOf(await judge(on, tree.path))).toEqual([])
      expect(await remove(on, tree.path)).toMatchObject({ outcome: 'removed' })
    })

    it('is kept where git itself cannot tell', async () => {
      const [{ on, tree }] = await twice(build('true', false))
      const reasons = reasonsOf(await judge(on, tree.path))
      expect(reasons.filter((reason) => reason !== 'unreadable')).toEqual([])
    })

    it.each(['true', 'false'])(
      'is kept when real content took its place (required: %s)',
      async (required) => {
        const [lost, { on, tree }] = await twice((scene) => {
          build(required, true)(scene)
          writeFiles(scene.tree.path, { 'a.bin': 'the real content, twelve thousand bytes of it\n' })
        })
        forceAway(lost.on, lost.tree)
        expect(existsSync(join(lost.tree.path, 'a.bin'))).toBe(false)
        expect(reasonsOf(await judge(on, tree.path))).toEqual(['unstaged'])
      },
    )
  })
})

describe('commits of a tree', () => {
  it('keeps five unpushed commits in a clean tree', async () => {
    let tips: string[] = []
    const [lost, { on, tree }] = await twice((scene) => {
      tips = commits(scene, 5)
    })
    forceAway(lost.on, lost.tree)
    expect(survivesGc(lost.on, tips[4]!)).toBe(false)

    const outcome = await remove(on, tree.path)
    expect(outcome).toMatchObject({
      outcome: 'kept',
      reasons: [{ reason: 'unlanded', discardable: 'unlanded' }],
    })
    expect((outcome as { reasons: { message: string }[] }).reasons[0]?.message).toMatch(
      /^5 commits on 'alpha' that no other ref holds, the newest [0-9a-f]+ work 4$/,
    )
    expect(survivesGc(on, tips[4]!)).toBe(true)
  })

  it('keeps commits on a detached HEAD', async () => {
    let tip = ''
    const [lost, { on, tree }] = await twice((scene) => {
      scene.on.git.gitIn(scene.tree.path, 'checkout', '-q', '--detach')
      tip = commits(scene, 2)[1]!
    })
    forceAway(lost.on, lost.tree)
    expect(survivesGc(lost.on, tip)).toBe(false)
    const verdict = await judge(on, tree.path)
    expect(verdict.reasons).toMatchObject([{ reason: 'unlanded' }])
    expect(verdict.reasons[0]?.message).toContain('2 commits on a detached HEAD')
  })

  it('keeps a renamed branch with edits', async () => {
    let tip = ''
    const [lost, { on, tree }] = await twice((scene) => {
      tip = commits(scene, 1)[0]!
      scene.on.git.gitIn(scene.tree.path, 'branch', '-m', 'better-name')
      writeFiles(scene.tree.path, { 'README.md': 'edited\n' })
    })
    forceAway(lost.on, { ...lost.tree, branch: 'better-name' })
    expect(survivesGc(lost.on, tip)).toBe(false)
    expect(reasonsOf(await judge(on, tree.path))).toEqual(['unstaged', 'unlanded'])
  })

  it('does not take a stash, a rescue ref or a ref of the tree itself for proof that commits are elsewhere', async () => {
    const on = await ground()
    const tree = addTree(on)
    const tip = on.git.commit('work', { w: 'w' }, tree.path)
    on.git.git('update-ref', 'refs/parallel-cc/rescue/old/head', tip)
    on.git.git('update-ref', 'refs/stash', tip)
    on.git.gitIn(tree.path, 'update-ref', 'refs/worktree/mine', tip)
    on.git.gitIn(tree.path, 'update-ref', 'refs/bisect/bad', tip)
    expect(reasonsOf(await judge(on, tree.path))).toEqual(['unlanded'])
  })

  it('does not believe replacement refs', async () => {
    const on = await ground()
    const tree = addTree(on)
    const tip = on.git.commit('work', { w: 'w' }, tree.path)
    on.git.git('replace', 'main', tip)
    expect(reasonsOf(await judge(on, tree.path))).toContain('unlanded')
  })

  it.each(['refs/remotes/origin/alpha', 'refs/tags/saved', 'refs/heads/copy'])(
    'lets a tree go whose commits %s holds, and keeps its branch',
    async (ref) => {
      const on = await ground()
      const tree = addTree(on)
      const tip = on.git.commit('work', { w: 'w' }, tree.path)
      on.git.git('update-ref', ref, tip)
      const verdict = await judge(on, tree.path)
      expect(verdict).toMatchObject({ allowed: true, facts: { branchFate: 'keep' } })
      expect(await remove(on, tree.path)).toMatchObject({ outcome: 'removed', branchDeleted: false })
      expect(on.git.git('rev-parse', 'refs/heads/alpha')).toBe(tip)
    },
  )

  it('counts an annotated tag, and a tag of a tag', async () => {
    const on = await ground()
    const tree = addTree(on)
    on.git.commit('work', { w: 'w' }, tree.path)
    on.git.gitIn(tree.path, 'tag', '-a', '-m', 'one', 'inner')
    on.git.git('tag', '-a', '-m', 'two', 'outer', 'inner')
    on.git.git('tag', '-d', 'inner')
    on.git.git('tag', 'blob', `${on.git.git('rev-parse', 'HEAD:README.md')}`)
    expect((await judge(on, tree.path)).allowed).toBe(true)
  })

  it('keeps a tree without work whose base no ref holds any more', async () => {
    const on = await ground()
    const gone = on.git.commit('gone', { g: 'g' })
    const tree = addTree(on)
    on.git.git('reset', '-q', '--hard', 'HEAD~1')
    expect(tree.base).toBe(gone)
    expect(reasonsOf(await judge(on, tree.path))).toEqual(['unlanded'])
  })

  it('keeps a tree whose branch has no commit yet', async () => {
    const on = await ground()
    const tree = addTree(on)
    on.git.gitIn(tree.path, 'switch', '-q', '--orphan', 'fresh')
    expect(reasonsOf(await judge(on, tree.path))).toEqual(['unreadable'])
  })
})

describe('whose tree it is', () => {
  it("keeps a live session's old clean tree", async () => {
    const [lost, { on, tree }] = await twice(() => undefined)
    lost.on.git.git('worktree', 'remove', lost.tree.path)
    expect(existsSync(lost.tree.path)).toBe(false)
    const verdict = await judge(on, tree.path, {
      hasLiveSession: true,
      discard: ['uncommitted', 'untracked', 'unlanded'],
    })
    expect(verdict).toMatchObject({
      allowed: false,
      reasons: [{ reason: 'live-session', discardable: null }],
    })
  })

  it('keeps a locked tree and names the reason of the lock', async () => {
    const [lost, { on, tree }] = await twice((scene) => {
      scene.on.git.git('worktree', 'lock', '--reason', 'on a stick', scene.tree.path)
    })
    forceAway(lost.on, lost.tree)
    expect(existsSync(lost.tree.path)).toBe(false)
    expect((await judge(on, tree.path)).reasons).toMatchObject([
      { reason: 'locked', message: 'locked by git worktree lock: on a stick' },
    ])
  })

  it('keeps the main tree, and a tree on the default branch', async () => {
    const on = await ground()
    const tree = addTree(on)
    expect(reasonsOf(await judge(on, on.git.root))).toEqual(['main-worktree'])
    on.git.git('checkout', '-q', '--detach')
    on.git.gitIn(tree.path, 'switch', '-q', 'main')
    expect(reasonsOf(await judge(on, tree.path))).toEqual(['default-branch'])
  })

  it('keeps a tree that this tool did not make', async () => {
    const on = await ground()
    const path = join(on.git.base, 'hand-made')
    on.git.git('worktree', 'add', '-q', path)
    expect(reasonsOf(await judge(on, path))).toEqual(['not-ours'])
  })

  it('keeps a tree in which another worktree stands', async () => {
    const on = await ground()
    const tree = addTree(on)
    writeFileSync(join(on.repo.commonDir, 'info', 'exclude'), 'inner/\n')
    on.git.git('worktree', 'add', '-q', join(tree.path, 'inner'))
    expect(reasonsOf(await judge(on, tree.path))).toContain('nested-worktree')
  })

  it('keeps a path that now holds another repository', async () => {
    const [lost, { on, tree }] = await twice(replaceByRepository)
    rmSync(lost.tree.path, { recursive: true, force: true })
    expect(existsSync(join(lost.tree.path, 'precious'))).toBe(false)

    const outcome = await remove(on, tree.path)
    expect(outcome).toMatchObject({ outcome: 'kept', reasons: [{ reason: 'not-registered' }] })
    expect(readFileSync(join(tree.path, 'precious'), 'utf8')).toBe('p')
  })

  it('keeps a path whose .git is a real directory', async () => {
    const on = await ground()
    const tree = addTree(on)
    rmSync(join(tree.path, '.git'))
    mkdirSync(join(tree.path, '.git'))
    expect((await judge(on, tree.path)).reasons).toMatchObject([
      { reason: 'not-registered', message: `${tree.path} holds a repository of its own` },
    ])
  })

  it('keeps a path whose .git names another place, is a link, or is missing', async () => {
    const on = await ground()
    const tree = addTree(on)
    const other = addTree(on, 'beta')
    const dotGit = join(tree.path, '.git')
    writeFileSync(dotGit, `gitdir: ${other.adminDir}\n`)
    expect(reasonsOf(await judge(on, tree.path))).toEqual(['not-registered'])
    writeFileSync(dotGit, 'gitdir: /nowhere/at/all\n')
    expect(reasonsOf(await judge(on, tree.path))).toEqual(['not-registered'])
    writeFileSync(dotGit, 'something else\n')
    expect(reasonsOf(await judge(on, tree.path))).toEqual(['not-registered'])
    rmSync(dotGit)
    symlinkSync(join(other.path, '.git'), dotGit)
    expect(reasonsOf(await judge(on, tree.path))).toEqual(['not-registered'])
    rmSync(dotGit)
    expect(reasonsOf(await judge(on, tree.path))).toEqual(['not-registered'])
  })

  it('keeps a copy of a tree, which the admin directory does not name', async () => {
    const on = await ground()
    const tree = addTree(on)
    const copy = `${tree.path}-copy`
    execFileSync('cp', ['-a', tree.path, copy])
    expect(reasonsOf(await judge(on, copy))).toEqual(['not-registered'])
  })

  it('keeps what is a link, a file, a sub-folder or nothing', async () => {
    const on = await ground({ 'sub/file': 'x' })
    const tree = addTree(on)
    symlinkSync(tree.path, join(on.git.base, 'link'))
    expect(reasonsOf(await judge(on, join(on.git.base, 'link')))).toEqual(['not-registered'])
    expect(reasonsOf(await judge(on, join(tree.path, 'sub')))).toEqual(['not-registered'])
    expect(reasonsOf(await judge(on, join(tree.path, 'README.md')))).toEqual(['missing'])
    renameSync(tree.path, `${tree.path}-moved`)
    symlinkSync(`${tree.path}-moved`, tree.path)
    expect(reasonsOf(await judge(on, tree.path))).toEqual(['not-registered'])
    rmSync(tree.path)
    expect(reasonsOf(await judge(on, tree.path))).toEqual(['missing'])
    writeFileSync(tree.path, 'a file')
    expect(reasonsOf(await judge(on, tree.path))).toEqual(['not-registered'])
  })

  it('keeps a tree of another repository', async () => {
    const on = await ground()
    const elsewhere = await ground()
    const tree = addTree(elsewhere)
    expect(reasonsOf(await judge(on, tree.path))).toEqual(['not-registered'])
  })

  it('keeps what it cannot read', async () => {
    const on = await ground()
    const tree = addTree(on)
    writeFileSync(join(tree.adminDir, 'index'), 'not an index')
    const verdict = await judge(on, tree.path)
    expect(verdict.allowed).toBe(false)
    expect(reasonsOf(verdict)).toContain('unreadable')
    chmodSync(join(tree.adminDir, 'index'), 0o644)
  })

  it('keeps a tree when nobody can tell whether its commits have landed', async () => {
    const on = await ground()
    const tree = addTree(on)
    const { WorktreeError } = await import('../../src/errors.js')
    const verdict = await judge(on, tree.path, {
      landed: () => Promise.reject(new WorktreeError('WORKTREE_GIT_FAILED', 'no target')),
    })
    expect(verdict.reasons).toMatchObject([
      { reason: 'unreadable', message: 'its commits could not be read: no target' },
    ])
    await expect(
      judge(on, tree.path, { landed: () => Promise.reject(new TypeError('a bug')) }),
    ).rejects.toThrow('a bug')
  })
})

describe('an operation that is under way', () => {
  it.each([
    ['rebase', ['rebase', 'main']],
    ['merge', ['merge', 'main']],
    ['cherry-pick', ['cherry-pick', 'main']],
    ['bisect', ['bisect', 'start']],
  ])('keeps a parked %s, which no word discards', async (operation, command) => {
    const [lost, { on, tree }] = await twice((scene) => {
      conflict(scene)
      try {
        scene.on.git.gitIn(scene.tree.path, ...command)
      } catch {
        // it stops at the conflict, which is what this needs
      }
    })
    const tip = lost.on.git.git('rev-parse', 'refs/heads/alpha')
    forceAway(lost.on, lost.tree)
    expect(survivesGc(lost.on, tip)).toBe(false)

    const verdict = await judge(on, tree.path, {
      discard: ['uncommitted', 'untracked', 'unlanded'],
      landed: squashLanded,
    })
    expect(verdict).toMatchObject({ allowed: false })
    expect(verdict.reasons).toMatchObject([
      { reason: 'operation', message: `a ${operation} is under way`, discardable: null },
    ])
    expect(exists(on, tip)).toBe(true)
  })

  it('keeps a tree in which git holds its lock', async () => {
    const on = await ground()
    const tree = addTree(on)
    writeFileSync(join(tree.adminDir, 'index.lock'), '')
    expect((await judge(on, tree.path)).reasons).toMatchObject([{ reason: 'operation', discardable: null }])
  })
})
