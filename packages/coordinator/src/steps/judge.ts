import {
  type DiscardKind,
  defaultBranch,
  type GateVerdict,
  judgeRemoval,
  landedStates,
  type Repo,
} from '@pcc/worktree'
import type { Deps } from '../deps.js'
import { sessionsOf } from './repo-row.js'

/** What judging several trees of one repo shares. */
export interface Bench {
  repo: Repo
  target: { branch: string | null; refs: string[] }
}

/** Looks up once what every judgement of this repo needs. */
export async function openBench(deps: Pick<Deps, 'config'>, repo: Repo): Promise<Bench> {
  const target = await defaultBranch(repo.commonDir, deps.config['merge.target'] ?? undefined)
  return { repo, target }
}

/** Asks the nothing-lost gate about one tree, as things stand at this moment. */
export async function judge(
  deps: Deps,
  bench: Bench,
  ask: { path: string; discard: readonly DiscardKind[] },
): Promise<GateVerdict> {
  const sessions = await sessionsOf(deps, bench.repo)
  return judgeRemoval({
    repo: bench.repo,
    path: ask.path,
    hasLiveSession: sessions.some((row) => row.alive && row.session.worktreePath === ask.path),
    defaultBranch: bench.target.branch,
    keepIgnored: deps.config['worktree.keepIgnored'],
    discard: ask.discard,
    async landed(question) {
      const branch = question.branch === null ? null : `refs/heads/${question.branch}`
      const [answer] = await landedStates(
        bench.repo.commonDir,
        [{ tip: question.head, base: question.base, branch }],
        { targets: bench.target.refs },
      )
      return answer ?? { state: 'not-landed', method: null }
    },
  })
}
