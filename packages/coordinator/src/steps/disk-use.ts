import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const BLOCK = 512

/** What a tree takes on disk, in bytes, as `du` counts; links are not followed. */
export async function diskBytes(root: string): Promise<number> {
  let total = 0
  const pending = [root]
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const stat = await lstat(path)
    total += stat.blocks * BLOCK
    if (!stat.isDirectory()) continue
    for (const name of await readdir(path)) pending.push(join(path, name))
  }
  return total
}
