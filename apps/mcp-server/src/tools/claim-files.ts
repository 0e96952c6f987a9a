import { claimPaths } from '@pcc/coordinator/hot'
import { z } from 'zod'
import { NOTES, type Tool, tool } from './tool.js'
import { claimMode, claimView, files, shownClaim } from './views.js'

const HELD =
  'Nothing was claimed. Do other work first, ask the holder with send_message (claimedBy is its name), or claim other files. Do not edit these meanwhile.'

const LEFT =
  'leftByCrash: these claims were in the way, and their sessions have died. Their trees may hold unfinished changes to the same files: look before you change them.'

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
    leftByCrash: z.array(claimView).optional().describe('Claims of sessions that had died, now gone'),
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
      if (result.outcome === 'held') {
        const held = result.held.map(({ path, by }) => ({ path, by: shownClaim(by) }))
        return { outcome: 'held' as const, granted: [], held, next: HELD }
      }
      const granted = { outcome: 'granted' as const, granted: result.granted.map(shownClaim), held: [] }
      const leftByCrash = result.leftByCrash.map(shownClaim)
      return leftByCrash.length === 0 ? granted : { ...granted, leftByCrash, next: LEFT }
    }),
})
