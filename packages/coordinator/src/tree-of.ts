import { statSync } from 'node:fs'
import type { SessionReads } from '@pcc/store/hot'
import { locateRepo, type RepoLocation } from '@pcc/worktree/locate'
import type { CallerTree } from './caller.js'
import { type RepoKey, repoKey } from './repo-key.js'
import type { Runtime } from './runtime.js'

/** The repository and tree that a directory stands in, with the store's row when the repository is known to it. */
export interface TreePlace {
  key: RepoKey
  location: RepoLocation
  repoId: string | undefined
}

/** Finds them without starting git; `null` outside a repository. */
export async function treeOf(
  deps: { runtime: Runtime; read: SessionReads },
  directory: string,
): Promise<TreePlace | null> {
  // git would not start in a file either
  const isFolder = statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true
  const location = isFolder ? locateRepo(directory) : null
  if (location === null) return null
  const key = repoKey(deps.runtime, location.commonDir)
  const row = await deps.read.repoByKey(key)
  return { key, location, repoId: row?.id }
}

/** What `findCaller` wants to know of the place. */
export function callerTree(place: TreePlace | null): CallerTree | undefined {
  if (place?.repoId === undefined || place.location.topLevel === null) return undefined
  return { repoId: place.repoId, path: place.location.topLevel }
}
