import { claimPaths } from '@pcc/coordinator/hot'
import { z } from 'zod'
import { NOTES, type Tool, tool } from './tool.js'
import { claimMode, claimView, files } from './views.js'

const HELD =
  'Nothing was claimed. Do other work first, ask the holder with send_message (claimedBy is its name), or claim other files. Do not edit these meanwhile.'

/** Takes a hold on files before they are changed. */
export const claimFiles: Tool = tool({
  name: 'claim_files',
  title: 'Claim files before changing them',
  description: `States that you are going to change these files, in every working tree of the repository: all of them or, when another session holds one, none.
Use it before changes over several files, renames, refactorings, migrations and generated files. "exclusive" denies the edits of others, "advisory" only warns them.
Not needed before a single edit, which is claimed by itself, nor for reading. Claiming again what you hold renews it.
On outcome "held": held names each holder, since when, until when and why. Work on something else, ask the holder with send_message, or claim other files.`,
  input: z.strictObject({
    files,
    mode: claimMode,
    ttl_minutes: z
      .number()
      .positive()
      .max(7 * 24 * 60)
      .optional()
      .describe('How long it holds. Default: as configured, an hour'),
    reason: z.string().max(500).optional().describe('What you are doing, for those who want the files too'),
  }),
  output: z.object({
    outcome: z.enum(['granted', 'held']),
    granted: z.array(claimView),
    held: z.array(z.object({ path: z.string(), by: claimView })),
    next: z.string().optional().describe('What to do now'),
  }),
  annotations: NOTES,
  alwaysLoad: true,
  run: ({ use, directory, pid }, input) =>
    use(async (deps) => {
      const result = await claimPaths(deps, {
        directory,
        pid,
        paths: input.files,
        mode: input.mode,
        ...(input.ttl_minutes === undefined ? {} : { ttlMs: input.ttl_minutes * 60_000 }),
        ...(input.reason === undefined ? {} : { reason: input.reason }),
      })
      return result.outcome === 'granted'
        ? { outcome: 'granted' as const, granted: result.granted, held: [] }
        : { outcome: 'held' as const, granted: [], held: result.held, next: HELD }
    }),
})
