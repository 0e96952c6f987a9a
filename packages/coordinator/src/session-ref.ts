import type { SessionReads, SessionRecord } from '@pcc/store/hot'
import { CoordinatorError } from './errors.js'

function matches(row: SessionRecord, ref: string): boolean {
  return row.name === ref || row.worktreeName === ref
}

function list(rows: readonly SessionRecord[]): string {
  return rows.map((row) => `${row.name ?? row.worktreeName ?? 'unnamed'} (${row.id})`).join(', ')
}

/**
 * Finds the not-ended session that a person means: by id, by a unique beginning of the id, or by name; in the given repo first, then in
 * all of them.
 *
 * @throws CoordinatorError `COORDINATOR_NO_SESSION`, `COORDINATOR_AMBIGUOUS_SESSION`, `COORDINATOR_BAD_INPUT` for an empty one.
 */
export async function resolveSession(
  read: SessionReads,
  ref: string,
  repoId: string | undefined,
): Promise<SessionRecord> {
  if (ref.trim() === '') {
    // an unset shell variable must not mean whichever session happens to be the only one
    throw new CoordinatorError('COORDINATOR_BAD_INPUT', 'the session that is meant has an empty name', {
      hint: 'Name it, or leave the argument out to mean the calling session.',
    })
  }
  const exact = await read.sessionById(ref)
  if (exact !== undefined && exact.endedAt === null) return exact

  const everywhere = await read.allOpenSessions()
  const here = everywhere.filter((row) => row.repoId === repoId)
  for (const rows of [here, everywhere]) {
    const named = rows.filter((row) => matches(row, ref))
    const found = named.length > 0 ? named : rows.filter((row) => row.id.startsWith(ref))
    if (found.length > 1) {
      throw new CoordinatorError(
        'COORDINATOR_AMBIGUOUS_SESSION',
        `'${ref}' fits more than one session: ${list(found)}`,
        {
          hint: 'Give the id.',
          data: { candidates: found.map((row) => row.id) },
        },
      )
    }
    if (found[0] !== undefined) return found[0]
  }
  throw new CoordinatorError('COORDINATOR_NO_SESSION', `no session '${ref}'`, {
    hint: 'parallel-cc status --all lists the sessions.',
    data: { session: ref },
  })
}
