import { basename } from 'node:path'
import { ancestry, type HotDeps, isRegistered, registerSession, systemRuntime } from '@pcc/coordinator/hot'
import type { ServerIo } from './server-io.js'

/**
 * Clients whose process is one agent session, by the name that they give in `initialize`. An editor or a tool that only tries the server
 * out is none: what it calls is answered, and nobody is registered.
 */
const AGENT_CLIENTS: ReadonlySet<string> = new Set(['claude-code'])

/**
 * The process of the agent that this server works for, or `null` when the client is no agent. It is our parent, unless a starter such as npx
 * stands between; then Claude Code's own socket, whose name is its pid, tells which of our ancestors it is.
 */
export function agentProcess(io: ServerIo, clientName: string | undefined): number | null {
  if (clientName === undefined || !AGENT_CLIENTS.has(clientName)) return null
  const parent = io.parentPid()
  const said = Number(basename(io.env['CLAUDE_CODE_MESSAGING_SOCKET'] ?? '', '.sock'))
  if (!Number.isSafeInteger(said) || said <= 1 || said === parent) return parent
  const above = ancestry(systemRuntime(), io.pid).some((process) => process.pid === said)
  return above ? said : parent
}

/**
 * Registers the agent when no hook has done so. A process that is a session already keeps it as it is, since what the server was told about
 * the conversation at its start is out of date after `/clear` and wrong after `--continue`.
 */
export async function ensureRegistered(
  deps: HotDeps,
  agent: { pid: number; directory: string },
): Promise<void> {
  if (await isRegistered(deps, agent)) return
  await registerSession(deps, { ...agent, agentSessionId: deps.env['CLAUDE_CODE_SESSION_ID'] ?? null })
}
