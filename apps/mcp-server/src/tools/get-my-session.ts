import { CoordinatorError, mySession } from '@pcc/coordinator/hot'
import { z } from 'zod'
import { LOOKS, type Tool, tool } from './tool.js'

/** Who asks. */
export const getMySession: Tool = tool({
  name: 'get_my_session',
  title: 'Your own session',
  description: `Tells your own session: its id, its working tree and branch, whether that is the main checkout, and how many sessions there are.
Use it to find out where you may write, and what others call you. Not for the others: that is get_parallel_status.
If it says that there is no session, you are not in a git repository that parallel-cc watches: work as usual, there is nobody to coordinate with.`,
  input: z.strictObject({}),
  output: z.object({
    sessionId: z.string(),
    name: z.string().nullable(),
    pid: z.number(),
    worktreePath: z.string(),
    worktreeName: z.string().nullable().describe('null in the main checkout'),
    branch: z.string().nullable(),
    isMainRepo: z.boolean(),
    startedAt: z.string(),
    parallelSessions: z.number().describe('Sessions in the repository, yours included'),
    claims: z.number(),
    unreadMessages: z.number(),
  }),
  annotations: LOOKS,
  run: ({ use, directory, pid }) =>
    use(async (deps) => {
      const session = await mySession(deps, { directory, pid })
      if (session !== null) return session
      throw new CoordinatorError('COORDINATOR_NO_SESSION', `no session is calling from ${directory}`)
    }),
})
