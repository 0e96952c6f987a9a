import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { placeOf } from '@pcc/coordinator/hot'

/** Notes a failure in `logs/<file>`, one line of JSON. Never throws: no place to log to must not become the agent's trouble. */
export function logFailure(env: NodeJS.ProcessEnv, event: string, error: unknown): void {
  const { logFolder } = placeOf(env)
  const code = (error as { code?: unknown } | null)?.code
  const entry = {
    time: new Date().toISOString(),
    event,
    code: typeof code === 'string' ? code : null,
    message: error instanceof Error ? error.message : String(error),
  }
  try {
    mkdirSync(logFolder, { recursive: true, mode: 0o700 })
    appendFileSync(join(logFolder, 'mcp-server.log'), `${JSON.stringify(entry)}\n`, { mode: 0o600 })
  } catch {
    // nowhere to tell it
  }
}
