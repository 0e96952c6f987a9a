import type { RepoRecord } from '@pcc/store/hot'
import type { Runtime } from './runtime.js'

declare const brand: unique symbol

/** What a repository is known by: this host and the real path of its git common directory. Made here and nowhere else. */
export type RepoKey = Pick<RepoRecord, 'host' | 'commonDir'> & { readonly [brand]: true }

/** The key of the repository whose git common directory (real path) this is. */
export function repoKey(runtime: Runtime, commonDir: string): RepoKey {
  return { host: runtime.host, commonDir } as RepoKey
}

/** A row for a repository that may be new to the store. */
export function repoRow(runtime: Runtime, key: RepoKey): RepoRecord {
  return {
    id: runtime.newId(),
    host: key.host,
    commonDir: key.commonDir,
    projectKey: null,
    createdAt: runtime.now(),
  }
}
