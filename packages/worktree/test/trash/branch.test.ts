import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  type BranchPlace,
  branchInTheWay,
  branchTip,
  deleteBranch,
  isBranchSaved,
  putBranchBack,
  saveBranch,
} from '../../src/trash/branch.js'
import { type Ground, ground } from '../nothing-lost/ground.js'

async function place(): Promise<{ on: Ground; branch: BranchPlace; reflog: string }> {
  const on = await ground()
  on.git.git('branch', 'topic/x')
  const folder = join(on.git.base, 'folder')
  mkdirSync(folder)
  const { commonDir } = on.repo
  const head = on.git.git('rev-parse', 'HEAD')
  return {
    on,
    branch: { commonDir, folder, branch: 'topic/x', head },
    reflog: join(commonDir, 'logs/refs/heads/topic/x'),
  }
}

describe('a branch that is put aside', () => {
  it('comes back with reflog and settings, however often it is asked for', async () => {
    const { on, branch, reflog } = await place()
    on.git.git('config', 'branch.topic/x.remote', 'origin')
    appendFileSync(join(on.repo.commonDir, 'config'), '[branch "topic/x"]\n\trebase\n')
    const before = readFileSync(reflog, 'utf8')
    await saveBranch(branch)
    expect(await deleteBranch(branch)).toBe(true)
    expect(await branchTip(branch.commonDir, 'topic/x')).toBeNull()
    for (let count = 0; count < 2; count += 1) {
      await putBranchBack(branch)
      expect(readFileSync(reflog, 'utf8')).toBe(before)
      expect(on.git.git('config', '--get-regexp', '^branch\\.')).toBe(
        'branch.topic/x.remote origin\nbranch.topic/x.rebase true',
      )
    }
  })

  it('keeps what its reflog got meanwhile', async () => {
    const { on, branch, reflog } = await place()
    const before = readFileSync(reflog, 'utf8')
    await saveBranch(branch)
    await deleteBranch(branch)
    on.git.git('branch', '--create-reflog', 'topic/x', branch.head)
    const added = readFileSync(reflog, 'utf8')
    await putBranchBack(branch)
    expect(readFileSync(reflog, 'utf8')).toBe(before + added)
  })

  it('without a reflog comes back without one', async () => {
    const { on, branch, reflog } = await place()
    on.git.git('config', 'core.logAllRefUpdates', 'false')
    on.git.git('branch', '-D', 'topic/x')
    on.git.git('branch', 'topic/x')
    await saveBranch(branch)
    await deleteBranch(branch)
    await putBranchBack(branch)
    expect(await branchTip(branch.commonDir, 'topic/x')).toBe(branch.head)
    expect(existsSync(reflog)).toBe(false)
  })

  it('stays when it has moved, and forgets that it was to go', async () => {
    const { on, branch } = await place()
    await saveBranch(branch)
    expect(await isBranchSaved(branch.folder)).toBe(true)
    const other = on.git.commit('other')
    on.git.git('branch', '-f', 'topic/x', other)
    expect(await deleteBranch(branch)).toBe(false)
    expect(await branchTip(branch.commonDir, 'topic/x')).toBe(other)
    expect(await isBranchSaved(branch.folder)).toBe(false)
    await putBranchBack(branch)
    expect(await branchTip(branch.commonDir, 'topic/x')).toBe(other)
  })

  it('names the branch that makes its name impossible', async () => {
    const { on, branch } = await place()
    expect(await branchInTheWay(branch.commonDir, 'topic')).toBe('topic/x')
    expect(await branchInTheWay(branch.commonDir, 'topic/x/deep/er')).toBe('topic/x')
    expect(await branchInTheWay(on.repo.commonDir, 'topic/y')).toBeNull()
  })
})
