import { lstat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { WorktreeError } from '../errors.js'

/** The folder beside a tree that its removal moves it into. */
export const TRASH_FOLDER = '.parallel-cc-trash'

const ID = /^[0-9A-Za-z][0-9A-Za-z_-]{0,63}$/
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)$/i

/** True for an id that is safe as a folder name everywhere and as a part of a ref name. */
export function isRemovalId(id: string): boolean {
  return ID.test(id) && !WINDOWS_DEVICE.test(id)
}

/** `<common>/parallel-cc/removals`: one folder a removal. */
export function removalsDir(commonDir: string): string {
  return join(commonDir, 'parallel-cc', 'removals')
}

/**
 * The folder of one removal.
 *
 * @throws WorktreeError `WORKTREE_BAD_NAME` for an id that could lead elsewhere
 */
export function removalDir(commonDir: string, id: string): string {
  if (!isRemovalId(id)) {
    throw new WorktreeError('WORKTREE_BAD_NAME', `'${id}' cannot be the id of a removal`, {
      hint: 'Use letters, digits, - and _, 64 at most.',
      data: { id },
    })
  }
  return join(removalsDir(commonDir), id)
}

/** Where a tree lies after its removal: beside where it was, so that moving it there is one rename. */
export function trashTreePath(treePath: string, id: string): string {
  return join(dirname(treePath), TRASH_FOLDER, id, 'tree')
}

/** `refs/parallel-cc/rescue/<id>`, the prefix of what keeps a removal's objects. */
export function rescuePrefix(id: string): string {
  return `refs/parallel-cc/rescue/${id}`
}

export type PathKind = 'directory' | 'file' | 'link' | 'other' | 'none'

/** What lies at a path, not following a link at its end. */
export async function kindOf(path: string | Buffer): Promise<PathKind> {
  try {
    const stat = await lstat(path)
    if (stat.isDirectory()) return 'directory'
    if (stat.isSymbolicLink()) return 'link'
    return stat.isFile() ? 'file' : 'other'
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'none'
    throw new WorktreeError('WORKTREE_FS_FAILED', `cannot look at ${path.toString()}: ${code}`, {
      cause: error,
    })
  }
}

/** True when the trash of this tree, as far as it exists, is made of real folders only. */
export async function isTrashSound(trashPath: string): Promise<boolean> {
  const folder = dirname(trashPath)
  if (basename(dirname(folder)) !== TRASH_FOLDER || basename(trashPath) !== 'tree') return false
  const kinds = await Promise.all([kindOf(dirname(folder)), kindOf(folder), kindOf(trashPath)])
  return kinds.every((kind) => kind === 'directory' || kind === 'none')
}
