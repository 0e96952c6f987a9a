import { heartbeat } from './commands/heartbeat.js'
import { status } from './commands/status.js'
import type { Io } from './io.js'

const STATUS_FLAGS: ReadonlySet<string> = new Set(['--json', '--all', '--sandbox-only'])
const LIST_FLAGS: ReadonlySet<string> = new Set(['--json', '--all', '--disk'])

type Command = (io: Io) => Promise<number>

function quickHeartbeat(words: readonly string[]): Command | null {
  const [session, ...more] = words.filter((word) => word !== '--json')
  if (more.length > 0 || session?.startsWith('-') === true) return null
  return (io) => heartbeat(io, { json: words.includes('--json'), session })
}

function quickStatus(words: readonly string[]): Command | null {
  if (!words.every((word) => STATUS_FLAGS.has(word))) return null
  return (io) =>
    status(io, {
      json: words.includes('--json'),
      all: words.includes('--all'),
      sandboxOnly: words.includes('--sandbox-only'),
      watch: false,
    })
}

function quickList(words: readonly string[]): Command | null {
  if (!words.every((word) => LIST_FLAGS.has(word))) return null
  return async (io) => {
    const { list } = await import('./commands/list.js')
    return list(io, {
      json: words.includes('--json'),
      all: words.includes('--all'),
      disk: words.includes('--disk'),
    })
  }
}

/**
 * The commands that scripts and status lines call often, when they are spelled plainly: the parser alone would cost more than all
 * that they do. `null` for everything that needs it.
 */
export function quickCommand(args: readonly string[]): Command | null {
  const [command, ...words] = args
  if (command === 'heartbeat') return quickHeartbeat(words)
  if (command === 'status') return quickStatus(words)
  if (command === 'list') return quickList(words)
  return null
}
