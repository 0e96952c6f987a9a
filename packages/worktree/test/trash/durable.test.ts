import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'
import { fsFailure, makeFolder, writeDurably } from '../../src/trash/durable.js'
import { isTrashSound, kindOf, trashTreePath } from '../../src/trash/paths.js'

describe('writing in one step', () => {
  it('replaces a file and leaves nothing beside it', async () => {
    const folder = tempDir()
    await writeDurably(join(folder, 'a'), 'one')
    await writeDurably(join(folder, 'a'), 'two')
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('two')
    expect(readdirSync(folder)).toEqual(['a'])
  })

  it('leaves what was there when it fails, and names the file', async () => {
    const folder = tempDir()
    mkdirSync(join(folder, 'a', 'b'), { recursive: true })
    await expect(writeDurably(join(folder, 'a'), 'x')).rejects.toMatchObject({
      code: 'WORKTREE_FS_FAILED',
      message: `cannot write ${join(folder, 'a')}: EISDIR`,
    })
    expect(readdirSync(folder)).toEqual(['a'])
    await expect(writeDurably(join(folder, 'none', 'a'), 'x')).rejects.toMatchObject({
      code: 'WORKTREE_FS_FAILED',
    })
  })

  it('passes on what is no failure of the file system', () => {
    const bug = new TypeError('a bug')
    expect(fsFailure('do it', bug)).toBe(bug)
    expect(fsFailure('do it', 'text')).toBe('text')
  })
})

describe('folders', () => {
  it('tells whether it made one', async () => {
    const folder = tempDir()
    expect(await makeFolder(join(folder, 'x', 'y'), 'z')).toBe(true)
    expect(await makeFolder(join(folder, 'x', 'y'), 'z')).toBe(false)
    writeFileSync(join(folder, 'file'), '')
    await expect(makeFolder(join(folder, 'file'), 'z')).rejects.toThrow(/ENOTDIR|EEXIST/)
  })

  it('are told from links, files and nothing', async () => {
    const folder = tempDir()
    writeFileSync(join(folder, 'file'), '')
    expect(await kindOf(join(folder, 'file', 'below'))).toBe('none')
    expect(await kindOf('/dev/null')).toBe('other')
    expect(await isTrashSound(trashTreePath(join(folder, 'tree'), 'id'))).toBe(true)
    expect(await isTrashSound(join(folder, 'elsewhere', 'id', 'tree'))).toBe(false)
    expect(await isTrashSound(join(folder, '.parallel-cc-trash', 'id', 'other'))).toBe(false)
    await expect(kindOf(join(folder, 'x'.repeat(300)))).rejects.toMatchObject({ code: 'WORKTREE_FS_FAILED' })
    chmodSync(folder, 0o755)
  })
})
