import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { resolveObject } from '../src/git/run.js'
import { checkName, createWorktree, openRepo, planCreate, slugOf } from '../src/index.js'
import { failure, NOW, plan, prepared, request, traces } from './creating.js'

/** What a start does with a name that a person gave. */
async function createNamed(directory: string, name: string): Promise<{ path: string; branch: string }> {
  const slug = slugOf(checkName(name)) ?? ''
  const base = await resolveObject(directory, 'HEAD')
  return createWorktree(await planCreate(await request(directory, slug, { base, id: 'x', now: NOW })))
}

describe('names that people give', () => {
  it.each([
    ['fix the login', 'fix-the-login'],
    [`it's "quoted" $(touch x) \`y\``, 'it-s-quoted-touch-x-y'],
    ['日本語 ünï', '日本語-ünï'],
    ['../../outside', 'outside'],
    ['a/b', 'a-b'],
    ['refs/heads/main', 'refs-heads-main'],
    ['C:\\Users\\x', 'c-users-x'],
  ])('make a tree of %j called %j', async (name, slug) => {
    const repo = prepared()
    const made = await createNamed(repo.root, name)
    expect(made).toMatchObject({ path: join(repo.base, 'repo-worktrees', slug), branch: slug })
    expect(readdirSync(repo.base).toSorted()).toEqual(['home', 'repo', 'repo-worktrees'])
    expect(repo.git('status', '--porcelain')).toBe('')
  })

  it.each(['-x', '--upload-pack=touch x', 'a\nb', '..', '', ' ', '🙂', 'x'.repeat(300), 'HEAD', 'a\u0000b'])(
    'are refused before anything is made: %j',
    async (name) => {
      const repo = prepared()
      const before = traces(repo)
      const error = await failure(createNamed(repo.root, name))
      expect(error.code).toBe('WORKTREE_BAD_NAME')
      expect(error.hint).toBeDefined()
      expect(traces(repo)).toEqual(before)
    },
  )

  it('that differ in case only are one name', async () => {
    const repo = prepared()
    await createNamed(repo.root, 'Login')
    const before = traces(repo)
    expect((await failure(createNamed(repo.root, 'LOGIN'))).code).toBe('WORKTREE_BRANCH_EXISTS')
    expect(traces(repo)).toEqual(before)
  })

  it('that are checked out elsewhere are refused', async () => {
    const repo = prepared()
    repo.git('worktree', 'add', '-q', '-b', 'elsewhere', join(repo.base, 'tree'))
    const error = await failure(createNamed(repo.root, 'elsewhere'))
    expect(error.code).toBe('WORKTREE_BRANCH_EXISTS')
    expect(error.message).toContain("'elsewhere'")
  })
})

describe('bases that people give', () => {
  it.each(['-x', '--all', 'no-such-ref', '', 'main..other', 'main\nother', 'HEAD:README.md', '$(touch x)'])(
    'are refused when they name no commit: %j',
    async (ref) => {
      const repo = prepared()
      const error = await failure(resolveObject(repo.root, ref))
      expect(error.code).toBe('WORKTREE_BAD_REF')
      expect(existsSync(join(repo.root, 'x'))).toBe(false)
    },
  )

  it('may be a tag or an abbreviation, of which the full id is taken', async () => {
    const repo = prepared()
    const head = repo.git('rev-parse', 'HEAD')
    repo.git('tag', '-a', '-m', 'x', 'v1')
    for (const ref of ['v1', head.slice(0, 8), 'main', '@'])
      expect(await resolveObject(repo.root, ref)).toBe(head)
  })
})

describe('a tag with the name of the new branch', () => {
  it('does not mislead the checkout', async () => {
    const repo = prepared()
    repo.git('tag', 'topic')
    const base = repo.commit('second', { later: 'x' })
    const made = await createWorktree(await plan(repo, 'topic', { base }))
    expect(repo.gitIn(made.path, 'rev-parse', 'HEAD')).toBe(base)
    expect(repo.gitIn(made.path, 'symbolic-ref', 'HEAD')).toBe('refs/heads/topic')
    expect((await openRepo(made.path)).hasCommits).toBe(true)
  })
})
