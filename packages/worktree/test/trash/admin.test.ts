import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir, writeFiles } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'
import {
  freeAdminName,
  lockTree,
  printAdmin,
  putAdminBack,
  takeAdminName,
  unlockTree,
} from '../../src/trash/admin.js'

describe('the name of an admin directory', () => {
  it('is taken once, and again only where an interrupted call took it', async () => {
    const common = tempDir()
    expect(await freeAdminName(common, 'x')).toBe('x')
    expect(await takeAdminName(common, 'x', false)).toBe(true)
    expect(await takeAdminName(common, 'x', false)).toBe(false)
    expect(await takeAdminName(common, 'x', true)).toBe(true)
    expect(await freeAdminName(common, 'x')).toBe('x1')
    writeFiles(join(common, 'worktrees/x'), { HEAD: 'h' })
    expect(await takeAdminName(common, 'x', true)).toBe(false)
  })

  it('never costs what another tree keeps there', async () => {
    const common = tempDir()
    writeFiles(common, { 'from/HEAD': 'mine', 'worktrees/x/HEAD': 'theirs' })
    await expect(putAdminBack(join(common, 'from'), join(common, 'worktrees/x'))).rejects.toThrow('ENOTEMPTY')
    expect(readFileSync(join(common, 'worktrees/x/HEAD'), 'utf8')).toBe('theirs')
    expect(readFileSync(join(common, 'from/HEAD'), 'utf8')).toBe('mine')
    rmSync(join(common, 'worktrees/x/HEAD'))
    await putAdminBack(join(common, 'from'), join(common, 'worktrees/x'))
    expect(readFileSync(join(common, 'worktrees/x/HEAD'), 'utf8')).toBe('mine')
  })
})

describe('the lock of a tree under removal', () => {
  it("is taken away by its own removal alone, and never somebody else's", async () => {
    const dir = tempDir()
    expect(await lockTree(dir, 'r1')).toBe(true)
    expect(await lockTree(dir, 'r2')).toBe(false)
    await unlockTree(dir, 'r2')
    expect(existsSync(join(dir, 'locked'))).toBe(true)
    await unlockTree(dir, 'r1')
    expect(existsSync(join(dir, 'locked'))).toBe(false)
    await unlockTree(dir, 'r1')
    writeFileSync(join(dir, 'locked'), 'mine')
    await unlockTree(dir, 'r1')
    expect(readFileSync(join(dir, 'locked'), 'utf8')).toBe('mine')
  })
})

describe('the print of an admin directory', () => {
  it('changes with HEAD, index and reflog, and with nothing else', async () => {
    const dir = tempDir()
    mkdirSync(join(dir, 'logs'))
    const seen = new Set([await printAdmin(dir)])
    for (const name of ['HEAD', 'index', 'logs/HEAD', 'ORIG_HEAD']) {
      writeFileSync(join(dir, name), name)
      seen.add(await printAdmin(dir))
    }
    expect(seen.size).toBe(5)
    writeFileSync(join(dir, 'COMMIT_EDITMSG'), 'draft')
    seen.add(await printAdmin(dir))
    expect(seen.size).toBe(5)
  })
})
