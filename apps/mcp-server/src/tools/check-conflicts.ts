import { checkPaths } from '@pcc/coordinator/hot'
import { z } from 'zod'
import { LOOKS, type Tool, tool } from './tool.js'
import { claimMode, files, shownClaim } from './views.js'

const IN_THE_WAY =
  'exclusive: your edit would be denied; ask the holder or do other work. advisory: your edit is held back once; agree with the holder if your changes could meet.'

/** Who holds these files. */
export const checkConflicts: Tool = tool({
  name: 'check_conflicts',
  title: 'See who holds files',
  description: `Tells which of these files other sessions have claimed or are changing. Changes nothing.
Use it when you plan work over several files and want to know what is free. To take them use claim_files at once: it checks and takes in one step.
Not needed before an edit, which is checked by itself. No conflicts: the files are free at this moment.
On a conflict: ask the holder with send_message (claimedBy is its name), plan around the file, or wait for expiresAt.`,
  input: z.strictObject({ files }),
  output: z.object({
    conflicts: z.array(
      z.object({
        file: z.string().describe("Relative to the repository's root"),
        claimedBy: z.string(),
        sessionId: z.string(),
        claim: z.string().describe('The path or glob that is claimed'),
        mode: claimMode,
        claimedAt: z.string(),
        expiresAt: z.string().nullable(),
        reason: z.string().nullable(),
        worktreePath: z.string(),
      }),
    ),
    next: z.string().optional().describe('What to do now'),
  }),
  annotations: LOOKS,
  run: ({ use, directory, pid }, input) =>
    use(async (deps) => {
      const { held } = await checkPaths(deps, { directory, pid, paths: input.files })
      const conflicts = held.map(({ path, by }) => ({ ...shownClaim(by), file: path, claim: by.path }))
      return conflicts.length === 0 ? { conflicts } : { conflicts, next: IN_THE_WAY }
    }),
})
