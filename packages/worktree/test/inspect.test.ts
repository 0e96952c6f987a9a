import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TempRepo, tempRepo } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'
import { inspectTree, parkedOperation } from '../src/index.js'
import { failure, prepared } from './creating.js'

const CLEAN = { staged: 0, unstaged: 0, untracked: 0, conflicted: 0, operation: null }

function attempt(repo: TempRepo, ...args: string[]): void {
  expect(() => repo.git(...args)).toThrow()
}

/** Two branches that change the same line, the first checked out. */
function diverged(): TempRepo {
  const repo = prepared({ files: { file: 'base\n' } })
  repo.git('switch', '-q', '-c', 'other')
  repo.commit('theirs', { file: 'theirs\n' })
  repo.git('switch', '-q', 'main')
  repo.commit('ours', { file: 'ours\n' })
  return repo
}

describe('inspectTree', () => {
  it('finds a clean tree clean and says where it stands', async () => {
    const repo = prepared()
    const head = repo.git('rev-parse', 'HEAD')
    expect(await inspectTree(repo.root)).toMatchObject({ ...CLEAN, head, branch: 'main', upstream: null })
    const empty = tempRepo({ commit: false })
    expect(await inspectTree(empty.root)).toMatchObject({ ...CLEAN, head: null, branch: 'main' })
  })

  it('counts what is staged, changed, untracked and in conflict', async () => {
    const repo = prepared({ files: { a: '1', b: '1', c: '1', d: '1' } })
    writeFileSync(join(repo.root, 'a'), '2')
    repo.git('add', 'a')
    writeFileSync(join(repo.root, 'a'), '3')
    writeFileSync(join(repo.root, 'b'), '2')
    rmSync(join(repo.root, 'c'))
    chmodSync(join(repo.root, 'd'), 0o755)
    mkdirSync(join(repo.root, 'new/deep'), { recursive: true })
    for (const name of ['new/deep/1', 'new/deep/2', 'name\nwith newline', '-dash', 'ünïcode', '"quoted"']) {
      writeFileSync(join(repo.root, name), '')
    }
    expect(await inspectTree(repo.root)).toMatchObject({
      staged: 1,
      unstaged: 4,
      untracked: 6,
      conflicted: 0,
    })
  })

  it('counts a rename as the two changes that it is, whatever the configuration', async () => {
    const repo = prepared({ files: { a: 'some text\n' } })
    repo.git('config', 'status.renames', 'copies')
    repo.git('mv', 'a', 'b')
    expect(await inspectTree(repo.root)).toMatchObject({ staged: 2, unstaged: 0 })
  })

  it('tells a detached HEAD from a branch that is called (detached)', async () => {
    const repo = prepared()
    repo.git('switch', '-q', '-c', '(detached)')
    expect((await inspectTree(repo.root)).branch).toBe('(detached)')
    repo.git('switch', '-q', '--detach')
    expect((await inspectTree(repo.root)).branch).toBeNull()
  })

  it('names the upstream', async () => {
    const repo = prepared()
    const clone = join(repo.base, 'clone')
    repo.git('clone', '-q', repo.root, clone)
    expect(await inspectTree(clone)).toMatchObject({ ...CLEAN, upstream: 'origin/main' })
  })

  it('is not talked out of it by configuration, and starts no program for it', async () => {
    const repo = prepared({ files: { a: '1' } })
    const proof = join(repo.base, 'ran')
    const program = join(repo.base, 'program')
    writeFileSync(program, `#!/bin/sh\ntouch '${proof}'\n`)
    chmodSync(program, 0o755)
    for (const [key, value] of [
      ['status.showUntrackedFiles', 'no'],
      ['status.showStash', 'true'],
      ['status.short', 'true'],
      ['diff.ignoreSubmodules', 'all'],
      ['core.quotePath', 'true'],
      ['status.relativePaths', 'false'],
      ['core.fsmonitor', program],
      ['core.hooksPath', repo.base],
    ] as const) {
      repo.git('config', key, value)
    }
    writeFileSync(join(repo.root, 'ünïcode'), '')
    expect(await inspectTree(repo.root)).toMatchObject({ ...CLEAN, untracked: 1 })
    expect(existsSync(proof)).toBe(false)
  })

  it('counts a submodule with new commits, changes or untracked files, also when it is set to be ignored', async () => {
    const repo = prepared()
    const inner = tempRepo({ name: 'inner' })
    repo.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner.root, 'sub')
    repo.git('config', '-f', '.gitmodules', 'submodule.sub.ignore', 'all')
    repo.git('config', 'submodule.sub.ignore', 'all')
    repo.commit('submodule')
    expect(await inspectTree(repo.root)).toMatchObject(CLEAN)
    const file = join(repo.root, 'sub', 'untracked')
    writeFileSync(file, '')
    expect(await inspectTree(repo.root)).toMatchObject({ ...CLEAN, unstaged: 1 })
    rmSync(file)
    repo.commit('inside', {}, join(repo.root, 'sub'))
    expect(await inspectTree(repo.root)).toMatchObject({ ...CLEAN, unstaged: 1 })
  })

  it('lists ignored files one by one when asked', async () => {
    const repo = prepared({ files: { '.gitignore': '.env\nbuild/\n' } })
    mkdirSync(join(repo.root, 'build'))
    for (const name of ['.env', 'build/a', 'build/b']) writeFileSync(join(repo.root, name), '')
    const state = await inspectTree(repo.root, { ignored: true })
    expect(state).toMatchObject(CLEAN)
    expect(state.ignored?.toSorted()).toEqual(['.env', 'build/a', 'build/b'])
    expect((await inspectTree(repo.root)).ignored).toBeUndefined()
  })

  it.each(['--assume-unchanged', '--skip-worktree'])(
    'finds a change that %s hides, without touching the index',
    async (flag) => {
      const repo = prepared({ files: { 'local conf': '1', other: '1' } })
      repo.git('update-index', flag, 'local conf', 'other')
      expect(await inspectTree(repo.root)).toMatchObject(CLEAN)
      const before = readFileSync(join(repo.root, '.git/index'))
      const clean = await inspectTree(repo.root)
      writeFileSync(join(repo.root, 'local conf'), 'precious')
      expect(repo.git('status', '--porcelain')).toBe('')
      const state = await inspectTree(repo.root)
      expect(state).toMatchObject({ ...CLEAN, unstaged: 1 })
      expect(state.fingerprint).not.toBe(clean.fingerprint)
      expect(readFileSync(join(repo.root, '.git/index'))).toEqual(before)
      expect(await inspectTree(repo.root, { hidden: false })).toMatchObject(CLEAN)
    },
  )

  it('finds a sparse checkout clean', async () => {
    const repo = prepared({ files: { 'in/a': '1', 'out/b': '1' } })
    repo.git('sparse-checkout', 'set', 'in')
    expect(existsSync(join(repo.root, 'out/b'))).toBe(false)
    expect(await inspectTree(repo.root)).toMatchObject(CLEAN)
  })

  it('does not write the index, even when its times are stale', async () => {
    const repo = prepared({ files: { a: '1' } })
    const index = join(repo.root, '.git/index')
    writeFileSync(join(repo.root, 'a'), '1')
    const before = statSync(index, { bigint: true }).mtimeNs
    expect(await inspectTree(repo.root)).toMatchObject(CLEAN)
    expect(statSync(index, { bigint: true }).mtimeNs).toBe(before)
  })

  it('looks at a tree that stands elsewhere by its git directory', async () => {
    const repo = prepared()
    const tree = join(repo.base, 'tree')
    repo.git('worktree', 'add', '-q', '-b', 'topic', tree)
    const gitDir = join(repo.root, '.git/worktrees/tree')
    writeFileSync(join(tree, 'mine'), '')
    const here = await inspectTree(tree, { gitDir })
    const moved = join(repo.base, 'moved')
    renameSync(tree, moved)
    const there = await inspectTree(moved, { gitDir })
    expect(there).toEqual(here)
    expect(there).toMatchObject({ branch: 'topic', untracked: 1 })
  })

  it('refuses a folder that is no tree, or no tree any more, instead of answering for the one around it', async () => {
    const repo = prepared()
    const tree = join(repo.root, 'inside')
    repo.git('worktree', 'add', '-q', '-b', 'topic', tree)
    rmSync(join(tree, '.git'))
    for (const place of [tree, join(repo.base, 'missing'), repo.home]) {
      expect((await failure(inspectTree(place))).code).toBe('WORKTREE_MOVED')
    }
  })

  it('passes on what git says of a broken index', async () => {
    const repo = prepared()
    writeFileSync(join(repo.root, '.git/index'), 'garbage')
    expect((await failure(inspectTree(repo.root))).code).toBe('WORKTREE_GIT_FAILED')
  })

  it('stops when it is called off', async () => {
    const repo = prepared()
    await expect(inspectTree(repo.root, { signal: AbortSignal.abort() })).rejects.toThrow()
  })
})

describe('the fingerprint', () => {
  it('stays the same while nothing changes', async () => {
    const repo = prepared({ files: { a: '1' } })
    writeFileSync(join(repo.root, 'new'), '')
    const first = await inspectTree(repo.root, { ignored: true })
    expect(await inspectTree(repo.root, { ignored: true })).toEqual(first)
  })

  it('changes with every step of work', async () => {
    const repo = prepared({ files: { a: '1\n', '.gitignore': 'ignored\n' } })
    const write = (name: string, text: string): void => writeFileSync(join(repo.root, name), text)
    const steps: [string, () => void][] = [
      ['nothing', () => undefined],
      ['an untracked file', () => write('new', 'x')],
      ['the untracked file grows', () => appendFileSync(join(repo.root, 'new'), 'y')],
      ['a change', () => write('a', '2\n')],
      ['another change of the same size', () => write('a', '3\n')],
      ['it is staged', () => repo.git('add', 'a')],
      ['a commit', () => repo.git('commit', '-q', '-m', 'x')],
      ['another branch at the same commit', () => repo.git('switch', '-q', '-c', 'topic')],
      ['a dangling link', () => symlinkSync('/nowhere', join(repo.root, 'link'))],
      ['a bisect is begun', () => repo.git('bisect', 'start')],
    ]
    const seen = new Map<string, string>()
    for (const [name, step] of steps) {
      step()
      const { fingerprint } = await inspectTree(repo.root)
      expect(seen.get(fingerprint)).toBeUndefined()
      seen.set(fingerprint, name)
    }
    expect(seen.size).toBe(steps.length)
  })
})

describe('a parked operation', () => {
  it('is found for merge, cherry-pick, revert, rebase and am with a conflict', async () => {
    const repo = diverged()
    attempt(repo, 'merge', 'other')
    expect(await inspectTree(repo.root)).toMatchObject({
      operation: 'merge',
      conflicted: 1,
      staged: 0,
      unstaged: 0,
    })
    repo.git('merge', '--abort')
    attempt(repo, 'cherry-pick', 'other')
    expect(await inspectTree(repo.root)).toMatchObject({ operation: 'cherry-pick', conflicted: 1 })
    repo.git('cherry-pick', '--abort')
    attempt(repo, 'revert', '--no-edit', 'other')
    expect(await inspectTree(repo.root)).toMatchObject({ operation: 'revert', conflicted: 1 })
    repo.git('revert', '--abort')
    attempt(repo, 'rebase', 'other')
    expect(await inspectTree(repo.root)).toMatchObject({ operation: 'rebase', branch: null, conflicted: 1 })
    repo.git('rebase', '--abort')
    attempt(repo, 'rebase', '--apply', 'other')
    expect(await inspectTree(repo.root)).toMatchObject({ operation: 'rebase' })
    repo.git('rebase', '--abort')
    const patch = join(repo.base, 'patch')
    writeFileSync(patch, `${repo.git('format-patch', '-1', '--stdout', 'other')}\n`)
    attempt(repo, 'am', patch)
    expect(await inspectTree(repo.root)).toMatchObject({ operation: 'am' })
    repo.git('am', '--abort')
    repo.git('bisect', 'start')
    expect(await inspectTree(repo.root)).toMatchObject({ ...CLEAN, operation: 'bisect' })
  })

  it('is found in a linked tree alone', async () => {
    const repo = diverged()
    const tree = join(repo.base, 'tree')
    repo.git('worktree', 'add', '-q', tree, 'other')
    expect(() => repo.gitIn(tree, 'merge', 'main')).toThrow()
    expect(await inspectTree(tree)).toMatchObject({ operation: 'merge' })
    expect(await inspectTree(repo.root)).toMatchObject(CLEAN)
  })

  it.each(['cherry-pick', 'revert'] as const)('is found between two steps of a %s', (operation) => {
    const repo = prepared()
    const dir = join(repo.root, '.git/sequencer')
    mkdirSync(dir)
    writeFileSync(join(dir, 'todo'), `${operation === 'revert' ? 'revert' : 'pick'} 0123456 subject\n`)
    expect(parkedOperation(join(repo.root, '.git'))).toBe(operation)
  })
})
