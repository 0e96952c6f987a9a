import type { SessionReads, SessionRecord } from '@pcc/store/hot'
import { CoordinatorError } from './errors.js'
import { isAlive } from './liveness.js'
import { ancestry, isRunning, type Runtime } from './runtime.js'

/** Who asks: the process that calls, what it inherited, and the tree it stands in. */
export interface Caller {
  /** The asking process; its ancestors are looked at too. */
  pid: number
  env: NodeJS.ProcessEnv
  /** Finds the repo row and tree that the call is about, if there are any; asked only when nothing else tells. */
  tree(): Promise<CallerTree | undefined>
}

export interface CallerTree {
  repoId: string
  path: string
}

export interface CallerDeps {
  runtime: Runtime
  read: SessionReads
}

function ambiguous(found: readonly SessionRecord[], where: string): CoordinatorError {
  const names = found
    .map((s) => `${s.name ?? s.worktreeName ?? 'unnamed'} (${s.id}, pid ${s.pid})`)
    .join(', ')
  return new CoordinatorError(
    'COORDINATOR_AMBIGUOUS_SESSION',
    `two or more sessions work in ${where}: ${names}`,
    {
      hint: 'Name the one you mean by its id.',
      data: { candidates: found.map((s) => s.id) },
    },
  )
}

async function byProcess(deps: CallerDeps, pids: number[]): Promise<SessionRecord | undefined> {
  const rows = await deps.read.sessionsByPids(deps.runtime.host, pids)
  const running = rows.filter((row) => isRunning(deps.runtime, row))
  const rank = (row: SessionRecord): number => pids.indexOf(row.pid)
  return running.toSorted((a, b) => rank(a) - rank(b))[0]
}

async function byTree(deps: CallerDeps, caller: Caller): Promise<SessionRecord | undefined> {
  const tree = await caller.tree()
  if (tree === undefined) return undefined
  const open = await deps.read.openSessions(tree.repoId)
  const here = open.filter((row) => row.worktreePath === tree.path && isAlive(deps.runtime, row))
  if (here.length > 1) throw ambiguous(here, tree.path)
  return here[0]
}

/**
 * Which session is calling? The nearest ancestor process that is a session's; else `PARALLEL_CC_SESSION_ID`; else `CLAUDE_PID`; else
 * the one live session of this tree. One answer for CLI, MCP server and hooks.
 *
 * @throws CoordinatorError `COORDINATOR_AMBIGUOUS_SESSION` when only the tree is left to go by and two sessions work in it.
 */
export async function findCaller(deps: CallerDeps, caller: Caller): Promise<SessionRecord | undefined> {
  // a server asks as its agent itself, at every tool call: then nobody above need be looked at
  const own = await byProcess(deps, [caller.pid])
  if (own !== undefined) return own
  const chain = ancestry(deps.runtime, caller.pid).map((key) => key.pid)
  const above = await byProcess(deps, chain)
  if (above !== undefined) return above

  const inherited = caller.env['PARALLEL_CC_SESSION_ID']
  if (inherited !== undefined && inherited !== '') {
    const named = await deps.read.sessionById(inherited)
    if (named !== undefined && named.endedAt === null) return named
  }
  const claudePid = Number(caller.env['CLAUDE_PID'])
  if (Number.isSafeInteger(claudePid) && claudePid > 1) {
    const claude = await byProcess(deps, [claudePid])
    if (claude !== undefined) return claude
  }
  return byTree(deps, caller)
}
