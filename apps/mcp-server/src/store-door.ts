import { statSync } from 'node:fs'
import { type HotDeps, openHotCoordinator, placeOf, StoreError } from '@pcc/coordinator/hot'
import type { ServerIo } from './server-io.js'

/**
 * How long a call waits for a locked database, in milliseconds. The wait blocks this process, and a hook of the client waits with it, so it
 * ends long before the client loses patience.
 */
const BUSY_TIMEOUT_MS = 3000

/** After these the connection is of no more use; the next call opens another. */
const BROKEN: ReadonlySet<string> = new Set([
  'STORE_CORRUPT',
  'STORE_NOT_A_DATABASE',
  'STORE_UNREACHABLE',
  'STORE_FAILED',
])

interface Opened {
  deps: HotDeps & { close(): Promise<void> }
  /** Which file this is; a database that was put in its place is another. */
  identity: string | null
  /** Calls at work in it. */
  users: number
  /** No new call may use it; the last one closes it. */
  retired: boolean
}

/** The database as a server that runs for days sees it: opened when it is needed, opened again when it was broken or replaced. */
export interface StoreDoor {
  use<T>(work: (deps: HotDeps) => Promise<T>): Promise<T>
  close(): Promise<void>
}

function identityOf(file: string): string | null {
  try {
    const { dev, ino } = statSync(file, { bigint: true })
    return `${dev}:${ino}`
  } catch {
    // gone: whatever is open is not the database any more
    return null
  }
}

export function storeDoor(io: Pick<ServerIo, 'env' | 'nativeBinding'>): StoreDoor {
  const place = placeOf(io.env)
  let current: Promise<Opened> | undefined

  const look = (): string | null =>
    place.databaseUrl === undefined ? identityOf(place.databaseFile) : place.databaseUrl

  const open = async (): Promise<Opened> => {
    const deps = await openHotCoordinator({
      env: io.env,
      busyTimeoutMs: BUSY_TIMEOUT_MS,
      ...(io.nativeBinding === undefined ? {} : { nativeBinding: io.nativeBinding }),
    })
    return { deps, identity: look(), users: 0, retired: false }
  }

  const leave = async (opened: Opened): Promise<void> => {
    if (opened.retired && opened.users === 0) await opened.deps.close().catch(() => undefined)
  }

  const retire = async (opened: Opened): Promise<void> => {
    if (opened.retired) return
    opened.retired = true
    current = undefined
    await leave(opened)
  }

  const enter = async (): Promise<Opened> => {
    for (;;) {
      current ??= open()
      const opening = current
      let opened: Opened
      try {
        opened = await opening
      } catch (error) {
        if (current === opening) current = undefined
        throw error
      }
      if (!opened.retired && opened.identity === look()) {
        opened.users += 1
        return opened
      }
      await retire(opened)
    }
  }

  return {
    async use(work) {
      const opened = await enter()
      try {
        return await work(opened.deps)
      } catch (error) {
        if (error instanceof StoreError && BROKEN.has(error.code)) await retire(opened)
        throw error
      } finally {
        opened.users -= 1
        await leave(opened)
      }
    },
    async close() {
      const opened = await current?.catch(() => undefined)
      if (opened !== undefined) await retire(opened)
    },
  }
}
