import { isAbsolute } from 'node:path'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { answerHook } from '@pcc/coordinator/hook-events'
import type { HotDeps } from '@pcc/coordinator/hot'
import { agentProcess, ensureRegistered } from './agent.js'
import { startBeating } from './beat.js'
import { logFailure } from './log.js'
import { createServer, SERVER_NAME } from './server.js'
import type { ServerIo } from './server-io.js'
import { storeDoor } from './store-door.js'

/** How often the parent is looked at. A client that goes without closing our stdin is rare. */
const PARENT_EVERY_MS = 1000

/** How long what is being answered may take when the client hangs up. */
const LAST_ANSWERS_MS = 2000

/** What a hook answers that has nothing to say. At an empty text the client tells the model that the hook has completed. */
const NO_OPINION = '{}'

/** How long a session that was seen registered is taken to be so; somebody may end it meanwhile. */
const REGISTERED_MS = 5000

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

/** The session that is served: whose it is, where it works, and the database it is in. */
class Seat {
  /** The client's process, once it has said that it is an agent. */
  agent: number | null = null
  /** Where the session works; its hooks tell when it moves. */
  directory: string
  readonly #io: ServerIo
  readonly #door: ReturnType<typeof storeDoor>
  readonly #calls = new Set<Promise<unknown>>()
  #registered: { in: HotDeps | null; until: number } = { in: null, until: 0 }

  constructor(io: ServerIo) {
    this.#io = io
    this.#door = storeDoor(io)
    this.directory = io.cwd
  }

  /** Runs with the database open and the agent registered. */
  use<T>(work: (deps: HotDeps) => Promise<T>): Promise<T> {
    const call = this.#door.use(async (deps) => {
      await this.#register(deps)
      return work(deps)
    })
    this.#calls.add(call)
    void call.catch(() => undefined).finally(() => this.#calls.delete(call))
    return call
  }

  async #register(deps: HotDeps): Promise<void> {
    const isKnown = this.#registered.in === deps && performance.now() < this.#registered.until
    if (this.agent === null || isKnown) return
    await ensureRegistered(deps, { pid: this.agent, directory: this.#io.cwd })
    this.#registered = { in: deps, until: performance.now() + REGISTERED_MS }
  }

  place(): { directory: string; pid: number } {
    return { directory: this.directory, pid: this.agent ?? this.#io.pid }
  }

  /** Answers a hook; an error is noted, and the agent goes on. */
  async answerHook(fields: Record<string, unknown>): Promise<string> {
    const event = typeof fields['event'] === 'string' ? fields['event'] : ''
    const { agent_id: agentId, cwd } = fields
    // a subagent's place is its own
    if (typeof cwd === 'string' && isAbsolute(cwd) && (agentId ?? '') === '') this.directory = cwd
    try {
      const { directory, pid } = this.place()
      const call = { event, fields, pid, cwd: directory }
      const reply = await this.use((deps) => answerHook(deps, call))
      return reply === null ? NO_OPINION : JSON.stringify(reply)
    } catch (error) {
      logFailure(this.#io.env, event, error)
      return NO_OPINION
    }
  }

  /** Lets what is being answered come to its end, for a while. */
  async leave(): Promise<void> {
    const patience = new Promise((resolve) => setTimeout(resolve, LAST_ANSWERS_MS).unref())
    await Promise.race([Promise.allSettled(this.#calls), patience])
    await this.#door.close()
  }
}

/** Serves one client on stdin and stdout until it hangs up, its process is gone or a signal comes. A call that fails is only told. */
export async function serve(io: ServerIo): Promise<void> {
  const seat = new Seat(io)
  const server = createServer({
    version: io.version,
    context: () => ({ use: (work) => seat.use(work), ...seat.place() }),
    answerHook: (fields) => seat.answerHook(fields),
    log: (event, error) => logFailure(io.env, event, error),
    onClient: (name) => {
      seat.agent = agentProcess(io, name)
    },
  })
  const end = ended(io)
  await server.connect(
    new StdioServerTransport(io.stdin, io.stdout, { maxBufferSize: LARGEST_MESSAGE_BYTES }),
  )
  const stopBeating = startBeating({
    use: (work) => seat.use(work),
    place: () => seat.place(),
    notify: (notice) => server.sendLoggingMessage({ level: 'info', logger: SERVER_NAME, data: notice }),
    everyMs: io.beatEveryMs,
  })
  await end
  stopBeating()
  await seat.leave()
  await server.close()
}
