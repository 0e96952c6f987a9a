import { basename, resolve } from 'node:path'
import {
  CoordinatorError,
  type HotDeps,
  loadConfig,
  mySession,
  placeOf,
  plainLine,
  status,
} from '@pcc/coordinator/hot'
import { z } from 'zod'
import { LOOKS, type Tool, type ToolContext, tool } from './tool.js'

const session = z.object({
  sessionId: z.string(),
  name: z.string().nullable(),
  isMe: z.boolean().describe('True for the session that asks'),
  pid: z.number(),
  host: z.string(),
  worktreePath: z.string(),
  worktreeName: z.string().describe('Name of its folder'),
  branch: z.string().nullable(),
  isMainRepo: z.boolean().describe('It works in the main checkout, not in a linked worktree'),
  startedAt: z.string(),
  durationMinutes: z.number(),
  isAlive: z.boolean().describe('False: its process is gone; it is listed until it is cleaned up'),
  status: z.string(),
  executionMode: z.string(),
  claims: z.number().describe('Files and globs that it holds'),
  unreadMessages: z.number(),
})

/** The asker's session, if it is one: a list must not fail because nobody can say who asks for it. */
async function ownId(
  deps: HotDeps,
  place: Pick<ToolContext, 'directory' | 'pid'>,
): Promise<string | undefined> {
  try {
    return (await mySession(deps, place))?.sessionId
  } catch (error) {
    if (error instanceof CoordinatorError && error.code === 'COORDINATOR_AMBIGUOUS_SESSION') return undefined
    throw error
  }
}

/** Who works in the repository. */
export const getParallelStatus: Tool = tool({
  name: 'get_parallel_status',
  title: 'Who else works in this repository',
  description: `Lists the coding sessions in the repository with their trees, branches and how long they have been at work.
Use it at the start of a larger piece of work, when files change that you did not touch, and to find the id or name of a session to write to.
Not needed before a single edit: edits are checked by themselves. For your own tree use get_my_session.
An empty list, or only yourself (isMe), means that you are alone and need not coordinate. A session with isAlive false has ended: do not wait for it.`,
  input: z.strictObject({
    repo_path: z
      .string()
      .min(1)
      .optional()
      .describe('A directory in the repository that is meant. Default: the one you work in'),
  }),
  output: z.object({
    repoPath: z.string().nullable(),
    sessions: z.array(session),
    totalSessions: z.number(),
  }),
  annotations: LOOKS,
  alwaysLoad: true,
  run: ({ use, directory, pid }, { repo_path }) =>
    use(async (deps) => {
      const config = loadConfig(placeOf(deps.env).configFile).values
      const asked = repo_path === undefined ? directory : resolve(directory, repo_path)
      const result = await status({ ...deps, config }, { directory: asked })
      const me = await ownId(deps, { directory, pid })
      return {
        repoPath: result.repoPath,
        totalSessions: result.totalSessions,
        sessions: result.sessions.map((row) => ({
          ...row,
          name: row.name === null ? null : plainLine(row.name),
          isMe: row.sessionId === me,
          worktreeName: row.worktreeName ?? basename(row.worktreePath),
        })),
      }
    }),
})
