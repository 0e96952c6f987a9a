import type { IncomingMessage } from 'node:http'

/** A request of a client, as the scripted API got it. */
export interface ApiRequest {
  method: string
  /** Path with its query. */
  url: string
  /** The script's tag: the last `[[tag]]` that the conversation's user wrote. */
  tag: string | undefined
  /** Claude's session id. */
  sessionId: string | undefined
  /** Set for the requests of a subagent. */
  agentId: string | undefined
  model: string
  /** The parsed body; `{}` when there was none. */
  body: Record<string, unknown>
  /** All text in the body that did not come from the model: system prompt, reminders, prompts and tool results. */
  texts: string[]
  /** What was done with it. */
  answeredBy: 'script' | 'nothing scripted' | 'service'
}

type Block = { type?: unknown; text?: unknown; content?: unknown }

/** The texts of a content field: a string, or blocks, whose tool results hold blocks in their turn. */
function contentTexts(content: unknown): string[] {
  if (typeof content === 'string') return [content]
  if (!Array.isArray(content)) return []
  return (content as Block[]).flatMap((block) =>
    block.type === 'tool_result'
      ? contentTexts(block.content)
      : typeof block.text === 'string'
        ? [block.text]
        : [],
  )
}

/** The texts that the user wrote, without tool results and without reminders of the client. */
function promptTexts(content: unknown): string[] {
  const blocks = Array.isArray(content)
    ? (content as Block[]).filter((block) => block.type === 'text')
    : content
  return contentTexts(blocks).filter((text) => !text.startsWith('<system-reminder>'))
}

function messagesOf(body: Record<string, unknown>): { role?: unknown; content?: unknown }[] {
  return Array.isArray(body.messages) ? body.messages : []
}

function tagOf(body: Record<string, unknown>): string | undefined {
  const prompts = messagesOf(body).flatMap(({ role, content }) =>
    role === 'user' ? promptTexts(content) : [],
  )
  const tags = prompts.flatMap((text) => [...text.matchAll(/\[\[([\w-]+)\]\]/g)].map((match) => match[1]))
  return tags.at(-1)
}

function textsOf(body: Record<string, unknown>): string[] {
  const messages = messagesOf(body).flatMap(({ role, content }) =>
    role === 'assistant' ? [] : contentTexts(content),
  )
  return [...contentTexts(body.system), ...messages]
}

async function readBody(incoming: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  if (text === '') return {}
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return { unparsed: text }
  }
}

/** Reads an HTTP request whole and works out whose it is. */
export async function readRequest(incoming: IncomingMessage): Promise<ApiRequest> {
  const body = await readBody(incoming)
  const header = (name: string): string | undefined => {
    const value = incoming.headers[name]
    return Array.isArray(value) ? value[0] : value
  }
  return {
    method: incoming.method ?? '',
    url: incoming.url ?? '',
    tag: tagOf(body),
    sessionId: header('x-claude-code-session-id'),
    agentId: header('x-claude-code-agent-id'),
    model: typeof body.model === 'string' ? body.model : '',
    body,
    texts: textsOf(body),
    answeredBy: 'service',
  }
}
