import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TempRepo } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'
import { createWorktree, listWorktrees, openRepo } from '../../src/index.js'
import { failure, plan, prepared, traces } from '../creating.js'

/** Puts a git before the real one that runs `script` when it is asked to add a worktree; `$real` is the real one. */
function onAdd(repo: TempRepo, script: string): void {
  const bin = join(repo.home, 'bin')
  mkdirSync(bin)
  const real = join(repo.git('--exec-path'), 'git')
  const text = `#!/bin/sh\nreal='${real}'\ncase "$*" in 'worktree add'*) ${script} ;; esac\nexec "$real" "$@"\n`
  writeFileSync(join(bin, 'git'), text)
  chmodSync(join(bin, 'git'), 0o755)
  process.env['PATH'] = `${bin}:${process.env['PATH']}`
}

const path = (repo: TempRepo): string => join(repo.base, 'repo-worktrees/topic')

describe('when git fails half-way', () => {
  it('tries again after another git was in the way', async () => {
    const repo = prepared()
    const tries = join(repo.home, 'tries')
    const message = 'fatal: failed to read .git/worktrees/x/commondir: Success'
    onAdd(
      repo,
      `echo try >> '${tries}'; [ "$(wc -l < '${tries}')" -gt 2 ] || { "$real" "$@"; echo '${message}' >&2; exit 128; }`,
    )
    expect((await createWorktree(await plan(repo, 'topic'))).path).toBe(path(repo))
    expect(readFileSync(tries, 'utf8')).toBe('try\ntry\ntry\n')
    expect(repo.gitIn(path(repo), 'status', '--porcelain', '--branch')).toBe('## topic')
    expect(await listWorktrees(await openRepo(repo.root))).toHaveLength(2)
  })

  it('takes away an entry whose tree holds nothing yet', async () => {
    const repo = prepared()
    const before = traces(repo)
    onAdd(repo, `"$real" "$@"; rm -rf '${path(repo)}'; mkdir '${path(repo)}'; exit 1`)
    const error = await failure(createWorktree(await plan(repo, 'topic')))
    expect(error.data['left']).toEqual([])
    expect(traces(repo)).toMatchObject(before as object)
    expect(existsSync(path(repo))).toBe(false)
  })

  it('leaves a folder that holds files but is no working tree, and says so', async () => {
    const repo = prepared()
    onAdd(repo, `"$real" "$@"; rm '${path(repo)}/.git'; echo mine > '${path(repo)}/mine'; exit 1`)
    const error = await failure(createWorktree(await plan(repo, 'topic')))
    expect(error.code).toBe('WORKTREE_CREATE_FAILED')
    expect(error.data['left']).toEqual([path(repo), 'topic'])
    expect(readFileSync(join(path(repo), 'mine'), 'utf8')).toBe('mine\n')
    expect(readdirSync(join(repo.root, '.git/parallel-cc/creations'))).toEqual([])
  })

  it('does not believe a git that says it made a tree and did not', async () => {
    const repo = prepared()
    const before = traces(repo)
    onAdd(repo, 'exit 0')
    const error = await failure(createWorktree(await plan(repo, 'topic')))
    expect(error.code).toBe('WORKTREE_CREATE_FAILED')
    expect(error.message).toContain('is not a worktree of this repository')
    expect(traces(repo)).toEqual(before)
  })

  it('says when even clearing up fails', async () => {
    const repo = prepared()
    onAdd(
      repo,
      `mv '${repo.root}/.git/HEAD' '${repo.home}/HEAD'; echo 'fatal: the disk is on fire' >&2; exit 128`,
    )
    const error = await failure(createWorktree(await plan(repo, 'topic')))
    expect(error.message).toContain('the disk is on fire')
    expect(error.data['left']).toContain('topic')
    expect(error.hint).toContain('had to stay')
  })
})

describe('where the folder cannot be made after all', () => {
  it('says so and takes the branch back', async () => {
    const repo = prepared()
    const planned = await plan(repo, 'topic')
    const dir = join(repo.base, 'repo-worktrees')
    writeFileSync(dir, 'a file')
    const before = repo.git('for-each-ref')
    const error = await failure(createWorktree(planned))
    expect(error.code).toBe('WORKTREE_FS_FAILED')
    expect(error.message).toContain(dir)
    expect(repo.git('for-each-ref')).toBe(before)
    rmSync(dir)
    expect((await createWorktree(planned)).path).toBe(path(repo))
  })

  it('keeps an empty folder for worktrees that was there before', async () => {
    const repo = prepared()
    mkdirSync(join(repo.base, 'repo-worktrees'))
    onAdd(repo, 'exit 1')
    await failure(createWorktree(await plan(repo, 'topic')))
    expect(readdirSync(join(repo.base, 'repo-worktrees'))).toEqual([])
  })
})
