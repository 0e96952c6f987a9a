import { sendMessage as send } from '@pcc/coordinator/hot'
import { z } from 'zod'
import { NOTES, type Tool, tool } from './tool.js'

const DEAD = 'state dead: that session has ended and will not read it. Do not wait for an answer from it.'

/** Writes to other sessions. */
export const sendMessage: Tool = tool({
  name: 'send_message',
  title: 'Write to another session',
  description: `Sends a note to another session of this repository, or to all of them.
Use it to ask a holder for a file, to say that you are done with one, or to tell what others must know before it hits them (a rename, a broken build). Not for talk, progress reports or anything the others need not act on: each note costs them attention.
to: a session's id or name (get_parallel_status, or claimedBy of a claim), or "all". It is delivered with the receiver's next tool call; an answer reaches you in the same way, so go on working.
A recipient with state "dead" has ended and will not read it.`,
  input: z.strictObject({
    to: z.string().min(1).describe('Id or name of a session, or "all"'),
    message: z.string().min(1).max(20_000).describe('What, which files, and what you ask for'),
  }),
  output: z.object({
    id: z.string(),
    recipients: z.array(
      z.object({ sessionId: z.string(), name: z.string().nullable(), state: z.enum(['queued', 'dead']) }),
    ),
    next: z.string().optional().describe('What to do now'),
  }),
  annotations: { ...NOTES, idempotentHint: false },
  alwaysLoad: true,
  run: ({ use, directory, pid }, input) =>
    use(async (deps) => {
      const sent = await send(deps, { directory, pid, to: [input.to], text: input.message })
      return sent.recipients.some((one) => one.state === 'dead') ? { ...sent, next: DEAD } : sent
    }),
})
