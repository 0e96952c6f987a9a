import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Answer, Failure, ToolUse } from './turns.js'

/** What an answer needs to know of the request that it answers. */
export interface AnswerContext {
  /** Unique in its API; message and tool ids are made from it. */
  number: number
  model: string
}

type Event = { type: string } & Record<string, unknown>

function toolBlocks(tools: readonly ToolUse[], number: number): { start: object; pieces: object[] }[] {
  return tools.map((tool, at) => ({
    start: { type: 'tool_use', id: tool.id ?? `toolu_${number}_${at + 1}`, name: tool.name, input: {} },
    pieces: [{ type: 'input_json_delta', partial_json: JSON.stringify(tool.input) }],
  }))
}

/** The text in a few pieces, as a model streams it. */
function textBlock(text: string): { start: object; pieces: object[] } {
  const size = Math.max(1, Math.ceil(text.length / 3))
  const pieces: object[] = []
  for (let at = 0; at < text.length; at += size) {
    pieces.push({ type: 'text_delta', text: text.slice(at, at + size) })
  }
  return { start: { type: 'text', text: '' }, pieces }
}

/** The events of one answer, in the order and shape of the Messages API's stream. */
function answerEvents(answer: Answer, { number, model }: AnswerContext): Event[] {
  const tools = answer.tools ?? []
  const input = answer.usage?.input ?? 100
  const output = answer.usage?.output ?? 20
  const blocks = [
    ...(answer.text === undefined ? [] : [textBlock(answer.text)]),
    ...toolBlocks(tools, number),
  ]
  const message = {
    id: `msg_${number}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: {
      input_tokens: input,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 1,
    },
  }
  const stop = answer.stopReason ?? (tools.length > 0 ? 'tool_use' : 'end_turn')
  return [
    { type: 'message_start', message },
    ...blocks.flatMap(({ start, pieces }, index) => [
      { type: 'content_block_start', index, content_block: start },
      ...pieces.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    {
      type: 'message_delta',
      delta: { stop_reason: stop, stop_sequence: null },
      usage: { output_tokens: output },
    },
    { type: 'message_stop' },
  ]
}

/** Sends the answer as server-sent events; stops quietly when the client has gone. */
export async function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  context: AnswerContext,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  for (const event of answerEvents(answer, context)) {
    if (response.destroyed) return
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    if (answer.pieceDelayMs !== undefined) await wait(answer.pieceDelayMs)
  }
  response.end()
}

const ERROR_TYPES: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
  529: 'overloaded_error',
}

/** Sends an error in the shape of the Messages API. */
export function sendFailure(response: ServerResponse, { status, message }: Failure): void {
  if (response.destroyed) return
  const type = ERROR_TYPES[status] ?? 'api_error'
  sendJson(response, status, { type: 'error', error: { type, message: message ?? `scripted ${type}` } })
}

/** Sends a JSON document. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
