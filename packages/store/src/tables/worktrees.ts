import type { Kysely, Selectable } from 'kysely'
import type { IsoTime, WorktreeRecord } from '../records.js'
import type { Schema, WorktreeTable } from '../schema.js'

export async function insertWorktree(db: Kysely<Schema>, worktree: WorktreeRecord): Promise<void> {
  await db
    .insertInto('worktrees')
    .values({
      id: worktree.id,
      repo_id: worktree.repoId,
      session_id: worktree.sessionId,
      path: worktree.path,
      branch: worktree.branch,
      base: worktree.base,
      created_at: worktree.createdAt,
      removed_at: worktree.removedAt,
    })
    .execute()
}

/** Notes a removal, or with `null` that the tree was brought back. False when there is no such tree. */
export async function markWorktree(
  db: Kysely<Schema>,
  id: string,
  removedAt: IsoTime | null,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('worktrees')
    .set({ removed_at: removedAt })
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** The trees of one repo, oldest first, removed ones included. */
export async function listWorktrees(db: Kysely<Schema>, repoId: string): Promise<WorktreeRecord[]> {
  const rows = await db
    .selectFrom('worktrees')
    .selectAll()
    .where('repo_id', '=', repoId)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(worktreeFromRow)
}

function worktreeFromRow(row: Selectable<WorktreeTable>): WorktreeRecord {
  return {
    id: row.id,
    repoId: row.repo_id,
    sessionId: row.session_id,
    path: row.path,
    branch: row.branch,
    base: row.base,
    createdAt: row.created_at,
    removedAt: row.removed_at,
  }
}
