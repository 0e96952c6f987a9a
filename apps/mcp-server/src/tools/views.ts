import { type ClaimView, plainLine } from '@pcc/coordinator/hot'
import { z } from 'zod'

export const claimMode: z.ZodEnum<{ advisory: 'advisory'; exclusive: 'exclusive' }> = z
  .enum(['advisory', 'exclusive'])
  .describe('advisory lets others know and warns them; exclusive keeps them off')

export const files: z.ZodArray<z.ZodString> = z
  .array(z.string().min(1))
  .min(1)
  .max(1000)
  .describe('Paths or globs (src/auth/**), absolute or relative to your working directory')

/** A claim as the model sees it. */
export const claimView: z.ZodObject<{
  path: z.ZodString
  mode: typeof claimMode
  sessionId: z.ZodString
  claimedBy: z.ZodString
  worktreePath: z.ZodString
  claimedAt: z.ZodString
  expiresAt: z.ZodNullable<z.ZodString>
  reason: z.ZodNullable<z.ZodString>
  source: z.ZodString
}> = z.object({
  path: z.string().describe("Relative to the repository's root, the same in every tree"),
  mode: claimMode,
  sessionId: z.string(),
  claimedBy: z.string().describe('What to call the holder in send_message'),
  worktreePath: z.string(),
  claimedAt: z.string(),
  expiresAt: z.string().nullable().describe('null: until it is released or the session ends'),
  reason: z.string().nullable(),
  source: z.string().describe('manual, or edit: made by an edit, gone when the change has landed or gone'),
})

/** A claim as it may be shown: its names and its reason are the words of another agent. */
export function shownClaim(claim: ClaimView): ClaimView {
  const { claimedBy, reason } = claim
  return {
    ...claim,
    claimedBy: plainLine(claimedBy),
    reason: reason === null ? null : plainLine(reason, 500),
  }
}
