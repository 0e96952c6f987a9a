import { isAbsolute } from 'node:path'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { answerHook } from '@pcc/coordinator/hook-events'
import type { HotDeps } from '@pcc/coordinator/hot'
import { agentProcess, ensureRegistered } from './agent.js'
import { logFailure } from './log.js'
import { createServer } from './server.js'
import type { ServerIo } from './server-io.js'
import { storeDoor } from './store-door.js'

/** How often the parent is looked at. A client that goes without closing our stdin is rare. */
const PARENT_EVERY_MS = 1000

/** How long what is being answered may take when the client hangs up. */
const LAST_ANSWERS_MS = 2000

/** The largest message: a hook passes on what the model writes to a file. */
const LARGEST_MESSAGE_BYTES = 64 * 1024 * 1024

function ended(io: ServerIo): Promise<void> {
  return new Promise((resolve) => {
    const parent = io.parentPid()
    const timer = setInterval(() => {
      if (io.parentPid() !== parent) done()
    }, PARENT_EVERY_MS)
    const done = (): void => {
      clearInterval(timer)
      resolve()
    }
    for (const event of ['end', 'close', 'error']) io.stdin.once(event, done)
    for (const event of ['close', 'error']) io.stdout.once(event, done)
    io.stopped.addEventListener('abort', done, { once: true })
    if (io.stopped.aborted) done()
  })
}

/** Serves one client on stdin and stdout until it hangs up, its process is gone or a signal comes. Never rejects for a call's failure. */
export async function serve(io: ServerIo): Promise<void> {
  const door = storeDoor(io)
  const log = (event: string, error: unknown): void => logFailure(io.env, event, error)
  const calls = new Set<Promise<unknown>>()
  let agent: number | null = null
  let directory = io.cwd

  const use = <T>(work: (deps: HotDeps) => Promise<T>): Promise<T> => {
    const call = door.use(async (deps) => {
      if (agent !== null) await ensureRegistered(deps, { pid: agent, directory: io.cwd })
      return work(deps)
    })
    calls.add(call)
    void call.catch(() => undefined).finally(() => calls.delete(call))
    return call
  }

  const server = createServer({
    version: io.version,
    context: () => ({ use, directory, pid: io.pid }),
    async answerHook(fields) {
      const event = String(fields['event'] ?? '')
      const { agent_id: agentId, cwd } = fields
      // the session may have moved to another tree, which only its hooks tell; a subagent's place is its own
      if (typeof cwd === 'string' && isAbsolute(cwd) && (agentId ?? '') === '') directory = cwd
      try {
        const reply = await use((deps) => answerHook(deps, { event, fields, pid: io.pid, cwd: directory }))
        return reply === null ? '' : JSON.stringify(reply)
      } catch (error) {
        log(event, error)
        return ''
      }
    },
    log,
    onClient: (name) => {
      agent = agentProcess(io, name)
    },
  })
  const end = ended(io)
  const transport = new StdioServerTransport(io.stdin, io.stdout, { maxBufferSize: LARGEST_MESSAGE_BYTES })
  await server.connect(transport)
  await end
  await Promise.race([
    Promise.allSettled(calls),
    new Promise((resolve) => setTimeout(resolve, LAST_ANSWERS_MS).unref()),
  ])
  await server.close()
  await door.close()
}
