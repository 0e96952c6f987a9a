import { findCaller } from '../caller.js'
import type { HotDeps } from '../hot-coordinator.js'
import { deliverMessages } from '../use-cases/deliver-messages.js'
import type { AnsweredEvent } from './event-names.js'
import { type HookFields, textOf, toolFields } from './fields.js'
import { deny, type HookReply, tell } from './replies.js'

/** One hook of the client: to the resident server it comes as a tool call, to the executable on stdin. */
export interface HookCall {
  event: string
  fields: HookFields
  /** The asking process; the session is found at it or above it. */
  pid: number
  /** Used where the payload does not say. */
  cwd: string
}

type Answer = (deps: HotDeps, call: HookCall) => Promise<HookReply | null>

async function beforeTool(deps: HotDeps, call: HookCall): Promise<HookReply | null> {
  // the other events start without it
  const { checkEdit } = await import('../edits.js')
  const { cwd = call.cwd, tool, input, agentId } = toolFields(call.fields)
  const verdict = await checkEdit(deps, {
    pid: call.pid,
    cwd,
    tool,
    input,
    ...(agentId === undefined ? {} : { agentId }),
  })
  if (verdict.verdict !== 'allow') return deny(verdict.reason)
  return verdict.note === undefined ? null : tell('PreToolUse', verdict.note)
}

async function afterTool(deps: HotDeps, call: HookCall): Promise<HookReply | null> {
  const { afterEdit } = await import('../edits.js')
  const { cwd = call.cwd, tool, input, agentId, changedFiles } = toolFields(call.fields)
  await afterEdit(deps, {
    pid: call.pid,
    cwd,
    tool,
    input,
    ...(agentId === undefined ? {} : { agentId }),
    ...(changedFiles === undefined ? {} : { changedFiles }),
  })
  return null
}

/**
 * Gives the model the messages that are queued for its session. At `Stop` they make it go on for another turn, so nothing is said when there
 * are none.
 */
async function deliver(deps: HotDeps, call: HookCall): Promise<HookReply | null> {
  // messages are for the session: a subagent would keep them to itself
  if (textOf(call.fields, 'agent_id') !== undefined) return null
  const { runtime, store, env } = deps
  // known by its process alone: another client in the same tree must not get them
  const caller = { pid: call.pid, env, tree: async () => undefined }
  const session = await findCaller({ runtime, read: store.read }, caller)
  if (session === undefined) return null
  const { text } = await deliverMessages(deps, { sessionId: session.id })
  return text === null ? null : tell(call.event, text)
}

const ANSWERS: Readonly<Record<AnsweredEvent, Answer>> = {
  PreToolUse: beforeTool,
  PostToolUse: afterTool,
  UserPromptSubmit: deliver,
  PostToolBatch: deliver,
  Stop: deliver,
}

/**
 * Answers a hook that comes while the agent works; `null` is no opinion. An event that there is not has none.
 *
 * @throws whatever the rooms throw; the caller lets the agent go on.
 */
export async function answerHook(deps: HotDeps, call: HookCall): Promise<HookReply | null> {
  return Object.hasOwn(ANSWERS, call.event) ? ANSWERS[call.event as AnsweredEvent](deps, call) : null
}
