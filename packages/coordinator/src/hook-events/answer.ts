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

/** The messages that are queued for the calling session. */
async function waiting(deps: HotDeps, call: HookCall): Promise<string | null> {
  // messages are for the session: a subagent would keep them to itself
  if (textOf(call.fields, 'agent_id') !== undefined) return null
  const { runtime, store, env } = deps
  // known by its process alone: another client in the same tree must not get them
  const caller = { pid: call.pid, env, tree: async () => undefined }
  const session = await findCaller({ runtime, read: store.read }, caller)
  if (session === undefined) return null
  return (await deliverMessages(deps, { sessionId: session.id })).text
}

/** A hook that comes for something else can bring the messages along: one hook a tool call costs the client half of what two do. */
async function broughtAlong(deps: HotDeps, call: HookCall): Promise<string | null> {
  return textOf(call.fields, 'with_messages') === undefined ? null : waiting(deps, call)
}

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
  const messages = await broughtAlong(deps, call)
  if (verdict.verdict !== 'allow') return deny(verdict.reason, messages)
  const texts = [verdict.note, messages].filter((text) => typeof text === 'string')
  return texts.length === 0 ? null : tell('PreToolUse', texts.join('\n\n'))
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
  const messages = await broughtAlong(deps, call)
  return messages === null ? null : tell('PostToolUse', messages)
}

/**
 * Gives the model the messages that are queued for its session. At `Stop` they make it go on for another turn, so nothing is said when there
 * are none.
 */
async function deliver(deps: HotDeps, call: HookCall): Promise<HookReply | null> {
  const messages = await waiting(deps, call)
  return messages === null ? null : tell(call.event, messages)
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
