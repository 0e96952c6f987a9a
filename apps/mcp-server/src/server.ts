import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListToolsRequestSchema,
  type ListToolsResult,
  McpError,
} from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { errorText } from './error-text.js'
import { INSTRUCTIONS } from './instructions.js'
import { TOOLS } from './tools/index.js'
import type { Tool, ToolContext } from './tools/tool.js'

/** The name under which the server presents itself. */
export const SERVER_NAME = 'parallel-cc'

/** The tool that the plugin's hooks call. It is not listed: the model has no use for it. */
const HOOK_TOOL = 'hook'

export interface ServerParts {
  version: string
  /** What a tool works with, at the moment of a call. */
  context(): ToolContext
  /** Answers a hook of the client: its reply as JSON text. Never throws. */
  answerHook(fields: Record<string, unknown>): Promise<string>
  /** Told of what no room foresaw. */
  log(event: string, error: unknown): void
  /** The client has introduced itself. */
  onClient(name: string | undefined): void
}

type JsonSchema = ListToolsResult['tools'][number]['inputSchema']

function schemaOf(schema: z.ZodObject): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' })
  return rest as JsonSchema
}

function listed(tool: Tool): ListToolsResult['tools'][number] {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: schemaOf(tool.input),
    outputSchema: schemaOf(tool.output),
    annotations: { title: tool.title, ...tool.annotations },
    ...(tool.alwaysLoad === undefined ? {} : { _meta: { 'anthropic/alwaysLoad': true } }),
  }
}

function refusal(text: string): CallToolResult {
  return { isError: true, content: [{ type: 'text', text }] }
}

async function callTool(parts: ServerParts, tool: Tool, input: unknown): Promise<CallToolResult> {
  const checked = tool.input.safeParse(input ?? {})
  if (!checked.success) {
    return refusal(
      `Wrong arguments for ${tool.name}:\n${z.prettifyError(checked.error)}\nCorrect them and call again.`,
    )
  }
  try {
    const result = await tool.run(parts.context(), checked.data)
    return { structuredContent: result, content: [{ type: 'text', text: JSON.stringify(result) }] }
  } catch (error) {
    const { text, isBug } = errorText(error)
    if (isBug) parts.log(tool.name, error)
    return refusal(text)
  }
}

/** The server as the protocol sees it. What lists and describes itself needs no database. */
export function createServer(parts: ServerParts): Server {
  const server = new Server(
    { name: SERVER_NAME, title: 'parallel-cc', version: parts.version },
    { capabilities: { tools: {}, logging: {} }, instructions: INSTRUCTIONS },
  )
  let list: ListToolsResult | undefined
  server.setRequestHandler(ListToolsRequestSchema, () => (list ??= { tools: TOOLS.map(listed) }))
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    if (params.name === HOOK_TOOL) {
      return { content: [{ type: 'text', text: await parts.answerHook(params.arguments ?? {}) }] }
    }
    const tool = TOOLS.find((one) => one.name === params.name)
    if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, `Unknown tool: ${params.name}`)
    return callTool(parts, tool, params.arguments)
  })
  server.oninitialized = () => parts.onClient(server.getClientVersion()?.name)
  server.onerror = (error) => parts.log('protocol', error)
  return server
}
