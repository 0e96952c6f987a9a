import { setTimeout as wait } from 'node:timers/promises'
import { type StatusResult, status as showStatus } from '@pcc/coordinator/hot'
import { type CommonArgs, directoryOf, type Handler } from '../context.js'
import { type Io, printJson, say } from '../io.js'
import { withView } from '../views.js'

export interface StatusArgs extends CommonArgs {
  all: boolean
  sandboxOnly: boolean
  watch: boolean
}

const REFRESH_MS = 2000
const CLEAR_SCREEN = '\u001b[H\u001b[2J'

async function forPeople(io: Io, result: StatusResult): Promise<string> {
  // loaded now: who asks for JSON does not pay for tables
  const { renderStatus } = await import('../render/status.js')
  return renderStatus(io, result)
}

/** Shows the sessions. */
export const status: Handler<StatusArgs> = (io, args) =>
  withView(io, async (deps) => {
    const look = (): Promise<StatusResult> =>
      showStatus(deps, { directory: directoryOf(io, args), all: args.all, sandboxOnly: args.sandboxOnly })
    if (args.watch) {
      await watch(io, args, async () => {
        const result = await look()
        return args.json ? JSON.stringify({ schemaVersion: 1, ...result }) : forPeople(io, result)
      })
      return 0
    }
    const result = await look()
    if (args.json) printJson(io, result)
    else say(io, await forPeople(io, result))
    return 0
  })

/** Shows a view again and again until interrupted: on a terminal in place, elsewhere whenever it has changed. */
async function watch(io: Io, args: CommonArgs, view: () => Promise<string>): Promise<void> {
  const inPlace = io.isTty && !args.json
  let last = ''
  while (!io.interrupted.aborted) {
    const next = await view()
    if (inPlace) io.stdout.write(`${CLEAR_SCREEN}${next}\n\nevery ${REFRESH_MS / 1000} s, Ctrl-C ends\n`)
    else if (next !== last) io.stdout.write(`${next}\n`)
    last = next
    try {
      await wait(REFRESH_MS, undefined, { signal: io.interrupted })
    } catch {
      // interrupted while waiting: the loop's condition ends it
    }
  }
}
