import { type DiscardKind, listWorktrees, openRepo, purgeTrash } from '@pcc/worktree'
import type { Deps } from '../deps.js'
import { faultPoint } from '../fault.js'
import { removalActor } from '../steps/actor.js'
import { endDead } from '../steps/end-dead.js'
import { openBench } from '../steps/judge.js'
import { removeTree, type TreeDecision } from '../steps/remove-tree.js'
import { repair } from '../steps/repair.js'
import { sessionsOf } from '../steps/repo-row.js'

export interface CleanUpInput {
  directory: string
  /** Each kind of loss needs its own word; even then it goes to trash and a rescue ref. */
  discard?: readonly DiscardKind[]
  dryRun?: boolean
}

export interface CleanUpResult {
  worktrees: TreeDecision[]
  endedSessions: { sessionId: string; name: string | null; pid: number }[]
  /** Ids of removals whose trash was older than `trash.keepDays` and is gone now. */
  purged: string[]
}

async function endDeadSessions(
  deps: Deps,
  input: CleanUpInput,
  repo: { commonDir: string },
): Promise<CleanUpResult['endedSessions']> {
  const ended: CleanUpResult['endedSessions'] = []
  for (const { session, alive } of await sessionsOf(deps, repo)) {
    if (alive) continue
    if (input.dryRun !== true && !(await endDead(deps, session, 'crashed'))) continue
    ended.push({ sessionId: session.id, name: session.name, pid: session.pid })
  }
  return ended
}

/**
 * Ends the dead sessions of a repo, frees their claims and removes the trees that hold nothing which is not elsewhere. One decision per
 * linked tree. Empties trash and rescue refs that are older than configured.
 */
export async function cleanUp(deps: Deps, input: CleanUpInput): Promise<CleanUpResult> {
  const repo = await openRepo(input.directory)
  if (input.dryRun !== true) await repair(deps, repo)
  const endedSessions = await endDeadSessions(deps, input, repo)
  faultPoint('cleanup:sessions-ended')
  const bench = await openBench(deps, repo)
  const worktrees: TreeDecision[] = []
  for (const tree of await listWorktrees(repo)) {
    if (tree.isMain || tree.isBare) continue
    const ask = { path: tree.path, discard: input.discard ?? [], dryRun: input.dryRun === true }
    worktrees.push(await removeTree(deps, bench, ask))
  }
  if (input.dryRun === true) return { worktrees, endedSessions, purged: [] }
  const { purged } = await purgeTrash(repo, {
    ...removalActor(deps),
    keepDays: deps.config['trash.keepDays'],
    rescueKeepDays: deps.config['rescue.keepDays'],
  })
  return { worktrees, endedSessions, purged }
}
