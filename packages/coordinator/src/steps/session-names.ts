import type { SessionReads } from '@pcc/store/hot'

/** What these sessions are called, ended ones included; those without a name or a tree of their own are missing. */
export async function namesOf(
  read: Pick<SessionReads, 'sessionById'>,
  ids: readonly (string | null)[],
): Promise<Map<string, string>> {
  const names = new Map<string, string>()
  for (const id of new Set(ids)) {
    const row = id === null ? undefined : await read.sessionById(id)
    const name = row?.name ?? row?.worktreeName
    if (row !== undefined && name !== null && name !== undefined) names.set(row.id, name)
  }
  return names
}
