import { accessSync, constants, realpathSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { branchTip, dropBranch } from '../branch-made.js'
import { WorktreeError } from '../errors.js'
import { type GitResult, git, gitEnvironment } from '../git/run.js'
import { listWorktrees } from '../list.js'
import { type CreatePlan, refuseExistingBranch } from '../plan-create.js'
import type { CreationBackend, Made } from './backend.js'
import { removeMadeTree } from './git.js'

/** How gtr is called here: as a subcommand of git since its version 2, by its own name before. */
export type GtrCommand = 'git gtr' | 'gtr'

// its hooks install dependencies
const TIMEOUT_MS = 30 * 60_000

function onPath(name: string): boolean {
  const dirs = (gitEnvironment().PATH ?? '').split(delimiter).filter((dir) => dir !== '')
  return dirs.some((dir) =>
    ['', '.exe', '.cmd'].some((extension) => {
      try {
        accessSync(join(dir, name + extension), constants.X_OK)
        return true
      } catch {
        // not in this folder
        return false
      }
    }),
  )
}

/**
 * The gtr of this machine.
 *
 * @throws WorktreeError `WORKTREE_BACKEND_MISSING`
 */
export async function findGtr(cwd: string): Promise<GtrCommand> {
  if (onPath('git-gtr')) return 'git gtr'
  if (onPath('gtr')) {
    const { stdout } = await git(['--version'], { cwd, program: 'gtr', okCodes: [0, 1, 2] })
    // GNU coreutils installs its `tr` under the same name
    if (!stdout.toString('utf8').includes('coreutils')) return 'gtr'
  }
  throw new WorktreeError('WORKTREE_BACKEND_MISSING', 'worktree.backend is gtr, but gtr is not installed', {
    hint: 'Install git-worktree-runner, or: parallel-cc config set worktree.backend git',
  })
}

function runGtr(command: GtrCommand, args: readonly string[], cwd: string): Promise<GitResult> {
  const options = { cwd, readOnly: false, timeoutMs: TIMEOUT_MS, lingerMs: 1_000 }
  return command === 'gtr' ? git(args, { ...options, program: 'gtr' }) : git(['gtr', ...args], options)
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', '\\': '\\' }

/** The records that `git gtr new --porcelain` writes: `key<TAB>value`, with `\\`, `\t` and `\n` escaped. */
export function parseGtrRecords(text: string): Map<string, string> {
  const records = new Map<string, string>()
  for (const line of text.split('\n')) {
    const tab = line.indexOf('\t')
    if (tab === -1) continue
    const value = line.slice(tab + 1).replace(/\\([tn\\])/g, (_, letter: string) => ESCAPES[letter] ?? letter)
    records.set(line.slice(0, tab), value)
  }
  return records
}

function knowsNoPorcelain(error: unknown): boolean {
  const stderr = error instanceof WorktreeError ? String(error.data['stderr'] ?? '') : ''
  return /unknown (flag|option)\b.*--porcelain/i.test(stderr)
}

/**
 * Where gtr says that the tree of a branch is.
 *
 * @throws WorktreeError `WORKTREE_GIT_FAILED` when it knows none
 */
export async function gtrPath(command: GtrCommand, branch: string, cwd: string): Promise<string> {
  const { stdout } = await runGtr(command, ['go', branch], cwd)
  return stdout.toString('utf8').replace(/\n$/, '')
}

/** Has gtr remove a clean tree, with its hooks; the branch stays. True when git no longer knows the tree. */
export async function removeWithGtr(command: GtrCommand, branch: string, plan: CreatePlan): Promise<boolean> {
  try {
    await runGtr(command, ['rm', branch, '--yes'], plan.cwd)
  } catch (error) {
    if (!(error instanceof WorktreeError) || error.code !== 'WORKTREE_GIT_FAILED') throw error
    return false
  }
  // before version 2.8.1 a failure ends with exit code 0 too
  return (await treeOfBranch(plan)) === null
}

async function treeOfBranch(plan: Pick<CreatePlan, 'commonDir' | 'branch'>): Promise<string | null> {
  const entries = await listWorktrees(plan)
  return entries.find((entry) => entry.branch === plan.branch && !entry.isMain)?.path ?? null
}

async function runNew(command: GtrCommand, plan: CreatePlan): Promise<string> {
  const args = ['new', plan.branch, '--from', plan.base, '--track', 'none', '--no-fetch']
  if (command === 'git gtr') {
    try {
      const { stdout } = await runGtr(command, [...args, '--porcelain'], plan.cwd)
      const path = parseGtrRecords(stdout.toString('utf8')).get('path')
      if (path !== undefined) return path
    } catch (error) {
      // before version 2.10 it refuses the flag and has done nothing yet
      if (!knowsNoPorcelain(error)) throw error
      await runGtr(command, [...args, '--yes'], plan.cwd)
    }
  } else {
    await runGtr(command, [...args, '--yes'], plan.cwd)
  }
  return gtrPath(command, plan.branch, plan.cwd)
}

async function undo(plan: CreatePlan, made: Made): Promise<string[]> {
  if (!made.branch) return []
  const { commonDir, branch, base } = plan
  const tip = await branchTip(commonDir, branch)
  const tree = await treeOfBranch(plan)
  if (tip !== null && tip !== base) return [...(tree === null ? [] : [tree]), branch]
  const left = tree === null ? [] : await removeMadeTree(commonDir, tree)
  if (left.length > 0) return [...left, branch]
  return tip !== null && !(await dropBranch(plan)) ? [branch] : []
}

/** Worktrees by git-worktree-runner, so that its configuration, copies and hooks are honoured. */
export const gtrBackend: CreationBackend = {
  async create(plan, made) {
    const command = await findGtr(plan.cwd)
    await refuseExistingBranch(plan)
    // from here on a branch of that name can only be what gtr makes for us
    made.branch = true
    const said = await runNew(command, plan)
    const tree = await treeOfBranch(plan)
    if (tree === null || realpathSync(tree) !== realpathSync(said)) {
      throw new WorktreeError(
        'WORKTREE_CREATE_FAILED',
        `gtr says that it made ${said}, but git lists no such tree for '${plan.branch}'`,
        {
          data: { path: said, branch: plan.branch, listed: tree },
        },
      )
    }
    return realpathSync(tree)
  },
  undo,
}
