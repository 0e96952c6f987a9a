import { git } from './git/run.js'

interface BranchAt {
  commonDir: string
  branch: string
  base: string
}

const messageOf = (id: string): string => `branch: Created by parallel-cc, creation ${id}`

/** Makes a branch that must not exist yet; its reflog then says which creation made it. */
export async function makeBranch({ commonDir, branch, base }: BranchAt, id: string): Promise<void> {
  const absent = '0'.repeat(base.length)
  const ref = `refs/heads/${branch}`
  await git(
    [`--git-dir=${commonDir}`, 'update-ref', '--create-reflog', '-m', messageOf(id), ref, base, absent],
    {
      cwd: commonDir,
      readOnly: false,
    },
  )
}

/** Where a branch stands, `null` when there is none. */
export async function branchTip(commonDir: string, branch: string): Promise<string | null> {
  const args = [
    `--git-dir=${commonDir}`,
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `refs/heads/${branch}`,
  ]
  const { code, stdout } = await git(args, { cwd: commonDir, okCodes: [0, 1] })
  return code === 0 ? stdout.toString('utf8').trim() : null
}

/** Deletes a branch if it stands exactly at `base`. False when it does not, or no longer. */
export async function dropBranch({ commonDir, branch, base }: BranchAt): Promise<boolean> {
  const args = [`--git-dir=${commonDir}`, 'update-ref', '-d', `refs/heads/${branch}`, base]
  const { code } = await git(args, { cwd: commonDir, readOnly: false, okCodes: [0, 1, 128] })
  return code === 0
}

/** Whether a branch was made by this creation, as its reflog's oldest entry says. */
export async function isMadeBranch(commonDir: string, branch: string, id: string): Promise<boolean> {
  const ref = `refs/heads/${branch}`
  const args = [`--git-dir=${commonDir}`, 'log', '-g', '--format=%gs', '--end-of-options', ref, '--']
  const { code, stdout } = await git(args, { cwd: commonDir, okCodes: [0, 128] })
  return code === 0 && stdout.toString('utf8').trimEnd().split('\n').at(-1) === messageOf(id)
}
