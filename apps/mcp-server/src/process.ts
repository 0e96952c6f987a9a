import { takeStdout } from './protocol-stdout.js'
import { serve } from './serve.js'
import type { ServerIo } from './server-io.js'
import { keepHeapSmall } from './small-heap.js'
import { VERSION } from './version.js'

/** Serves the process that started this one, on this process's stdin and stdout. Returns the exit code. */
export async function serveProcess(given: Pick<ServerIo, 'env' | 'cwd' | 'nativeBinding'>): Promise<number> {
  keepHeapSmall()
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort())
  await serve({
    ...given,
    pid: process.pid,
    parentPid: () => process.ppid,
    stdin: process.stdin,
    stdout: takeStdout(),
    stopped: stopping.signal,
    version: VERSION,
  })
  return 0
}
