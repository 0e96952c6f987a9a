import fs, { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setProcessEnv, type TempRepo, tempRepo } from '@pcc/test-kit'
import git from 'isomorphic-git'
import { describe, expect, test } from 'vitest'
import { openResidentReader, type ResidentReader } from '../src/resident.js'

function plainRepo(): TempRepo {
  const repo = tempRepo()
  setProcessEnv(repo.env)
  return repo
}

async function readerOf(repo: TempRepo, maxCommits?: number): Promise<ResidentReader> {
  const reader = await openResidentReader(
    join(repo.root, '.git'),
    maxCommits === undefined ? {} : { maxCommits },
  )
  if ('refused' in reader) throw new Error(reader.refused)
  return reader
}

async function refusal(commonDir: string): Promise<string> {
  const reader = await openResidentReader(commonDir)
  return 'refused' in reader ? reader.refused : 'not refused'
}

/** git's own list of branches. */
function branchesOf(repo: TempRepo): [string, string][] {
  const text = repo.git('for-each-ref', '--format=%(refname:lstrip=2) %(objectname)', 'refs/heads')
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' ') as [string, string])
    .toSorted()
}

async function expectSameBranches(reader: ResidentReader, repo: TempRepo): Promise<void> {
  expect([...(await reader.branches())].toSorted()).toEqual(branchesOf(repo))
}

describe('a resident reader agrees with git', () => {
  test('on branches that are loose, packed, both, renamed, deleted and named oddly', async () => {
    const repo = plainRepo()
    const reader = await readerOf(repo)
    for (const name of ['a', 'dir/b', 'ümlaut', 'with.dots']) repo.git('branch', name)
    await expectSameBranches(reader, repo)
    repo.git('pack-refs', '--all')
    await expectSameBranches(reader, repo)
    repo.commit('newer than the packed ref', { 'x.txt': 'x\n' })
    repo.git('branch', 'late')
    repo.git('branch', '-m', 'a', 'renamed')
    repo.git('branch', '-D', 'dir/b')
    await expectSameBranches(reader, repo)
    expect((await reader.branches()).get('main')).toBe(repo.git('rev-parse', 'main'))
  })

  test('on HEAD: a branch, detached, unborn', async () => {
    const repo = plainRepo()
    const reader = await readerOf(repo)
    const id = repo.git('rev-parse', 'HEAD')
    expect(await reader.head()).toEqual({ branch: 'main', id })
    repo.git('checkout', '-q', '--detach')
    expect(await reader.head()).toEqual({ branch: null, id })
    repo.git('checkout', '-q', '--orphan', 'new')
    expect(await reader.head()).toEqual({ branch: 'new', id: null })
  })

  test('on what a commit says, before and after a garbage collection packed it', async () => {
    const repo = plainRepo()
    const reader = await readerOf(repo)
    const id = repo.commit('subject\n\nbody with ümlaut', { 'x.txt': 'x\n' })
    const format = '%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B'
    const expectSame = async (): Promise<void> => {
      const { author, committer, ...facts } = await reader.commit(id)
      const told = [facts.id, facts.tree, facts.parents.join(' '), author.name, author.email, author.at]
      const all = [...told, committer.name, committer.email, committer.at, facts.message].join('\0')
      expect(all.trimEnd()).toBe(repo.git('log', '-1', `--format=${format}`, id).trimEnd())
    }
    await expectSame()
    repo.git('gc', '-q', '--prune=now')
    await expectSame()
    repo.commit('later', { 'y.txt': 'y\n' })
    repo.git('gc', '-q', '--prune=now')
    await expectSame()
    await expectSameBranches(reader, repo)
    expect(await reader.isAncestor(id, repo.git('rev-parse', 'HEAD'))).toBe(true)
  })

  test('on an annotated tag, which stands for its commit', async () => {
    const repo = plainRepo()
    repo.git('tag', '-a', '-m', 'one', 'v1')
    const reader = await readerOf(repo)
    expect((await reader.commit(repo.git('rev-parse', 'v1'))).id).toBe(repo.git('rev-parse', 'v1^{commit}'))
  })

  test('on ancestors and merge bases of every pair, with merges and a criss-cross', async () => {
    const repo = plainRepo()
    repo.git('checkout', '-q', '-b', 'side')
    const side = repo.commit('side', { 's.txt': 's\n' })
    repo.git('checkout', '-q', 'main')
    const main = repo.commit('main', { 'm.txt': 'm\n' })
    repo.git('merge', '-q', '-m', 'one way', side)
    repo.git('checkout', '-q', 'side')
    repo.git('merge', '-q', '-m', 'other way', main)
    repo.commit('on', { 's.txt': 't\n' })
    repo.git('checkout', '-q', '--orphan', 'alone')
    repo.commit('alone')
    const reader = await readerOf(repo)
    const all = repo.git('rev-list', '--all').split('\n')
    expect(all).toHaveLength(7)
    let ancestors = 0
    for (const one of all) {
      for (const other of all) {
        const bases = repo.git('-c', `alias.b=!git merge-base --all ${one} ${other} || true`, 'b')
        const expected = bases.split('\n').filter(Boolean).toSorted()
        expect(await reader.mergeBases(one, other)).toEqual(expected)
        const isAncestor = expected.length === 1 && expected[0] === one
        expect(await reader.isAncestor(one, other)).toBe(isAncestor)
        if (isAncestor) ancestors += 1
      }
    }
    expect(ancestors).toBeGreaterThan(10)
  })

  test('and gives up on long histories rather than read for long', async () => {
    const repo = plainRepo()
    const first = repo.git('rev-parse', 'HEAD')
    for (let i = 0; i < 6; i += 1) repo.commit(`commit ${i}`)
    const tip = repo.git('rev-parse', 'HEAD')
    const reader = await readerOf(repo, 3)
    expect(await reader.isAncestor(first, tip)).toBe('too-far')
    expect(await reader.isAncestor(repo.git('rev-parse', 'HEAD~1'), tip)).toBe(true)
    expect(await reader.mergeBases(first, tip)).toBe('too-far')
  })

  test('and names what is not there', async () => {
    const repo = plainRepo()
    const reader = await readerOf(repo)
    await expect(reader.commit('f'.repeat(40))).rejects.toMatchObject({ code: 'WORKTREE_BAD_REF' })
    const tree = repo.git('rev-parse', 'HEAD^{tree}')
    await expect(reader.commit(tree)).rejects.toMatchObject({ code: 'WORKTREE_BAD_REF' })
  })
})

describe('a resident reader is refused', () => {
  test('on a linked worktree’s git directory, where isomorphic-git finds no branches and says nothing', async () => {
    const repo = plainRepo()
    repo.git('worktree', 'add', '-q', '-b', 'work', join(repo.base, 'linked'))
    const gitdir = join(repo.root, '.git', 'worktrees', 'linked')
    expect(await git.listBranches({ fs, gitdir })).toEqual([])
    expect(await refusal(gitdir)).toContain('linked worktree')
  })

  test('on a SHA-256 repository, where isomorphic-git fails', async () => {
    const repo = plainRepo()
    const root = join(repo.base, 'sha256')
    repo.git('init', '-q', '--object-format=sha256', root)
    repo.commit('first', { 'a.txt': 'a\n' }, root)
    const gitdir = join(root, '.git')
    await expect(git.readCommit({ fs, gitdir, oid: repo.gitIn(root, 'rev-parse', 'HEAD') })).rejects.toThrow()
    expect(await refusal(gitdir)).toContain('objectformat')
  })

  test('on borrowed objects, which isomorphic-git does not find', async () => {
    const repo = plainRepo()
    const clone = join(repo.base, 'clone')
    repo.git('clone', '-q', '--shared', repo.root, clone)
    const gitdir = join(clone, '.git')
    await expect(git.readCommit({ fs, gitdir, oid: repo.git('rev-parse', 'HEAD') })).rejects.toThrow()
    expect(await refusal(gitdir)).toContain('borrows objects')
  })

  test('on replacement objects, loose or packed, which isomorphic-git does not apply', async () => {
    const repo = plainRepo()
    const [first, second] = [repo.git('rev-parse', 'HEAD'), repo.commit('second', { 'x.txt': 'x\n' })]
    repo.git('replace', second, first)
    const gitdir = join(repo.root, '.git')
    const { commit } = await git.readCommit({ fs, gitdir, oid: second })
    expect(commit.tree).not.toBe(repo.git('rev-parse', `${second}^{tree}`))
    expect(await refusal(gitdir)).toContain('replacement')
    repo.git('pack-refs', '--all')
    rmSync(join(gitdir, 'refs', 'replace'), { recursive: true, force: true })
    expect(await refusal(gitdir)).toContain('replacement')
  })

  test('on grafts, which isomorphic-git does not apply', async () => {
    const repo = plainRepo()
    const second = repo.commit('second')
    const gitdir = join(repo.root, '.git')
    mkdirSync(join(gitdir, 'info'), { recursive: true })
    writeFileSync(join(gitdir, 'info', 'grafts'), `${second}\n`)
    expect(repo.git('log', '--format=%P', '-1')).toBe('')
    expect((await git.readCommit({ fs, gitdir, oid: second })).commit.parent).toHaveLength(1)
    expect(await refusal(gitdir)).toContain('grafts')
  })

  test('on shallow and partial clones', async () => {
    const repo = plainRepo()
    repo.git('config', 'uploadpack.allowFilter', 'true')
    repo.commit('second')
    const clone = (name: string, option: string): string => {
      repo.git('clone', '-q', '--bare', option, `file://${repo.root}`, join(repo.base, name))
      return join(repo.base, name)
    }
    expect(await refusal(clone('shallow', '--depth=1'))).toContain('shallow')
    const partial = clone('partial', '--filter=blob:none')
    expect(await refusal(partial)).toContain('partial')
    for (const key of ['remote.origin.promisor', 'remote.origin.partialclonefilter']) {
      const alone = clone(key, '--no-tags')
      repo.gitIn(alone, 'config', key, 'true')
      expect(await refusal(alone)).toContain('partial')
    }
  })

  test('on extensions and formats that it does not know, and not on those that change nothing', async () => {
    const repo = plainRepo()
    const gitdir = join(repo.root, '.git')
    repo.git('config', 'extensions.worktreeConfig', 'true')
    repo.git('config', 'branch.a"b.remote', 'x # not a comment')
    repo.git('config', 'alias.long', 'a\nb')
    expect(await refusal(gitdir)).toBe('not refused')
    for (const [config, reason] of [
      ['[extensions] refStorage = reftable', 'refstorage'],
      ['[Extensions]\n\tPartialClone = origin', 'partialclone'],
      ['[extensions]\n\tnewThing', 'newthing'],
      ['[core]\n\trepositoryformatversion = 2', 'format 2'],
      ['what is this', 'not understood'],
    ]) {
      writeFileSync(join(gitdir, 'config'), `[core]\n\tbare = false ; plain\n${config}\n`)
      expect(await refusal(gitdir)).toContain(reason)
    }
    writeFileSync(join(gitdir, 'config'), '[core]\n\tbare = false\n')
    mkdirSync(join(gitdir, 'reftable'))
    expect(await refusal(gitdir)).toContain('reftable')
  })

  test('on a HEAD that is a link, on no repository, and on one that cannot be read', async () => {
    const repo = plainRepo()
    const gitdir = join(repo.root, '.git')
    rmSync(join(gitdir, 'HEAD'))
    symlinkSync('refs/heads/main', join(gitdir, 'HEAD'))
    expect(await refusal(gitdir)).toContain('HEAD')
    expect(await refusal(repo.home)).toContain('ENOENT')
  })

  test('in mid-life, as soon as the repository stops being plain', async () => {
    const repo = plainRepo()
    const reader = await readerOf(repo)
    await reader.branches()
    repo.git('replace', repo.commit('second'), repo.git('rev-parse', 'HEAD~1'))
    await expect(reader.branches()).rejects.toMatchObject({
      code: 'WORKTREE_REPO_REFUSED',
      data: { refused: 'it has replacement objects' },
    })
  })
})
