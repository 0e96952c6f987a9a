import { heartbeat } from './commands/heartbeat.js'
import type { Io } from './io.js'
import { report } from './report.js'

/** `heartbeat [SESSION] [--json]` without a parser. */
export async function quickHeartbeat(io: Io, words: readonly string[]): Promise<number> {
  try {
    const session = words.find((word) => !word.startsWith('-'))
    return await heartbeat(io, { json: words.includes('--json'), session })
  } catch (error) {
    return report(io, error)
  }
}
