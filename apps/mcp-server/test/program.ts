import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { ReadBuffer, serializeMessage } from '@modelcontextprotocol/sdk/shared/stdio.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { CallToolResult, JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'
import { type TempRepo, tempRepo } from '@pcc/test-kit'
import { onTestFinished } from 'vitest'
import { serve } from '../src/serve.js'

const app = join(dirname(fileURLToPath(import.meta.url)), '..')

/** The built server. */
export function builtServer(): string {
  const path = join(app, 'dist/bin.cjs')
  if (!existsSync(path)) throw new Error(`${path} is not there: npm run build`)
  return path
}

export interface Ground {
  repo: TempRepo
  env: Record<string, string>
  home: string
  /** What the server logged, one entry a line. */
  logged(): { event: string; code: string | null; message: string }[]
}

/** A repository and a state folder of its own. */
export function ground(): Ground {
  const repo = tempRepo({ files: { 'src/a.ts': 'a\n', 'src/b.ts': 'b\n' } })
  const home = join(repo.home, '.parallel-cc')
  const log = join(home, 'logs/mcp-server.log')
  return {
    repo,
    home,
    env: { ...repo.env, PARALLEL_CC_HOME: home },
    logged: () =>
      existsSync(log)
        ? readFileSync(log, 'utf8')
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line))
        : [],
  }
}

export interface ConnectOptions {
  /** The name that the client gives itself. @default 'claude-code' */
  name?: string
  cwd?: string
  env?: Record<string, string>
  /** The agent starts a server again when it was killed. */
  stubborn?: boolean
}

/** Ways to call a tool. */
export interface Asking {
  call(name: string, input?: Record<string, unknown>): Promise<CallToolResult>
  /** Calls a tool that must succeed. */
  ask<T>(name: string, input?: Record<string, unknown>): Promise<T>
  /** Calls a tool that must fail; returns what the model is told. */
  refused(name: string, input?: Record<string, unknown>): Promise<string>
}

function asking(client: Client): Asking {
  const call: Asking['call'] = async (name, input = {}) =>
    (await client.callTool({ name, arguments: input })) as CallToolResult
  const textOf = (result: CallToolResult) =>
    result.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
  return {
    call,
    async ask<T>(name: string, input?: Record<string, unknown>) {
      const result = await call(name, input)
      if (result.isError === true) throw new Error(`${name}: ${textOf(result)}`)
      return result.structuredContent as T
    },
    async refused(name, input) {
      const result = await call(name, input)
      if (result.isError !== true) throw new Error(`${name} was not refused: ${textOf(result)}`)
      return textOf(result)
    },
  }
}

export interface Connected extends Asking {
  client: Client
  /** The process that stands for the agent, and is the server's parent. */
  agent: number
  /** The server's process. */
  server: number
  stderr(): string
  close(): Promise<void>
}

/** Client and server in this process, over the server's own stdin and stdout. */
class Streams implements Transport {
  onmessage?: (message: JSONRPCMessage) => void
  onclose?: () => void
  readonly stdin = new PassThrough()
  readonly stdout = new PassThrough()
  readonly #buffer = new ReadBuffer()

  async start() {
    this.stdout.on('data', (chunk: Buffer) => {
      this.#buffer.append(chunk)
      for (let next = this.#buffer.readMessage(); next !== null; next = this.#buffer.readMessage())
        this.onmessage?.(next)
    })
  }

  async send(message: JSONRPCMessage) {
    this.stdin.write(serializeMessage(message))
  }

  async close() {
    this.stdin.end()
    this.onclose?.()
  }
}

export interface Here extends Asking {
  client: Client
  /** Settles when the server has ended. */
  served: Promise<void>
  stop(): void
}

/** Serves in this process, for an agent that is another process. */
export async function serveHere(
  it: Ground,
  agent: number,
  options: { cwd?: string; name?: string; beatEveryMs?: number } = {},
): Promise<Here> {
  const streams = new Streams()
  const stopping = new AbortController()
  const served = serve({
    env: it.env,
    cwd: options.cwd ?? it.repo.root,
    pid: agent,
    parentPid: () => agent,
    stdin: streams.stdin,
    stdout: streams.stdout,
    nativeBinding: undefined,
    stopped: stopping.signal,
    version: '0.0.0',
    ...(options.beatEveryMs === undefined ? {} : { beatEveryMs: options.beatEveryMs }),
  })
  const client = new Client({ name: options.name ?? 'claude-code', version: '1' })
  await client.connect(streams)
  onTestFinished(async () => {
    stopping.abort()
    await served
  })
  return { client, served, stop: () => stopping.abort(), ...asking(client) }
}

/** Says its own and its child's pid on stderr, and stays the child's parent as the agent does. */
const AGENT = `exec 3<&0; node "$0" <&3 & child=$!; echo "pids $$ $child" >&2; wait $child`

/** The same, for an agent that starts a server again whenever it was killed. */
const STUBBORN = `exec 3<&0; while :; do node "$0" <&3 & child=$!; echo "pids $$ $child" >&2; wait $child; done`

/** Starts a server below a process that stands for an agent, and connects the SDK's own client to it. */
export async function connect(it: Ground, options: ConnectOptions = {}): Promise<Connected> {
  mkdirSync(it.repo.home, { recursive: true })
  const transport = new StdioClientTransport({
    // descriptor 3, since a background job of a shell has no stdin of its own
    command: 'sh',
    args: ['-c', options.stubborn === true ? STUBBORN : AGENT, builtServer()],
    cwd: options.cwd ?? it.repo.root,
    env: { ...it.env, ...options.env },
    stderr: 'pipe',
  })
  let stderr = ''
  transport.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8')
  })
  const client = new Client({ name: options.name ?? 'claude-code', version: '1' })
  await client.connect(transport)
  const close = () => client.close()
  onTestFinished(close)
  const [, agent, server] = /pids (\d+) (\d+)/.exec(stderr) ?? []
  return {
    client,
    agent: Number(agent),
    server: Number(server),
    stderr: () => stderr,
    ...asking(client),
    close,
  }
}

export interface MySession {
  sessionId: string
  name: string | null
  worktreePath: string
  worktreeName: string | null
  isMainRepo: boolean
  startedAt: string
  parallelSessions: number
  pid: number
}
