import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { retryOnContention } from '../../src/git/contention.js'
import { git } from '../../src/git/run.js'
import { listWorktrees, openRepo } from '../../src/index.js'
import { failure, prepared } from '../creating.js'

describe('retryOnContention', () => {
  it('tries again after a held lock is gone', async () => {
    const repo = prepared()
    const lock = join(repo.root, '.git/refs/heads/topic.lock')
    writeFileSync(lock, '')
    let between = 0
    await retryOnContention(
      () => git(['update-ref', 'refs/heads/topic', 'HEAD'], { cwd: repo.root, readOnly: false }),
      async () => {
        between += 1
        rmSync(lock)
      },
    )
    expect(between).toBe(1)
    expect(repo.git('rev-parse', 'topic')).toBe(repo.git('rev-parse', 'HEAD'))
  })

  it('gives up after a bounded number of times and leaves the lock of the other', async () => {
    const repo = prepared()
    writeFileSync(join(repo.root, '.git/refs/heads/topic.lock'), '')
    let tried = 0
    const action = (): Promise<unknown> => {
      tried += 1
      return git(['update-ref', 'refs/heads/topic', 'HEAD'], { cwd: repo.root, readOnly: false })
    }
    expect((await failure(retryOnContention(action))).data['stderr']).toContain('topic.lock')
    expect(tried).toBe(7)
  })

  it('does not try again what no waiting helps', async () => {
    const repo = prepared()
    let tried = 0
    const action = (): Promise<unknown> => {
      tried += 1
      return git(['update-ref', 'refs/heads/main/below', 'HEAD'], { cwd: repo.root, readOnly: false })
    }
    expect((await failure(retryOnContention(action))).code).toBe('WORKTREE_GIT_FAILED')
    expect(tried).toBe(1)
  })

  it('waits while another git writes the first files of a new tree', async () => {
    const repo = prepared()
    const half = join(repo.root, '.git/worktrees/half')
    mkdirSync(half, { recursive: true })
    writeFileSync(join(half, 'gitdir'), `${join(repo.base, 'half')}/.git\n`)
    writeFileSync(join(half, 'commondir'), '')
    writeFileSync(join(half, 'HEAD'), 'ref: refs/heads/half\n')
    let between = 0
    const args = ['worktree', 'list', '--porcelain', '-z']
    await retryOnContention(
      () => git(args, { cwd: repo.root }),
      async () => {
        between += 1
        writeFileSync(join(half, 'commondir'), '../..\n')
      },
    )
    expect(between).toBe(1)
    expect(await listWorktrees(await openRepo(repo.root))).toHaveLength(2)
  })
})
