import { locateRepo } from '@pcc/worktree/locate'

export { uncommittedFiles } from '@pcc/worktree'

/** Root of the working tree that a folder is in; `null` outside of one. */
export function locateTop(folder: string): string | null {
  return locateRepo(folder)?.topLevel ?? null
}
