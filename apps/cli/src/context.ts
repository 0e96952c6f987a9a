import { resolve } from 'node:path'
import type { Coordinator } from '@pcc/coordinator'
import type { Io } from './io.js'

/** Flags that every command takes. */
export interface CommonArgs {
  json: boolean
  repo?: string | undefined
}

/** What a command answers with: its exit code. */
export type Handler<A> = (io: Io, args: A) => Promise<number>

/** The directory that a command is about. */
export function directoryOf(io: Io, args: CommonArgs): string {
  return args.repo === undefined ? io.cwd : resolve(io.cwd, args.repo)
}

/** How a coordinator is opened for a command. */
export function hotOptions(io: Io): { env: NodeJS.ProcessEnv; nativeBinding?: string } {
  const { env, nativeBinding } = io
  return { env, ...(nativeBinding === undefined ? {} : { nativeBinding }) }
}

/** Runs `work` with an open coordinator, which is loaded only now and closed in any case. */
export async function withCoordinator<T>(io: Io, work: (coordinator: Coordinator) => Promise<T>): Promise<T> {
  const { openCoordinator } = await import('@pcc/coordinator')
  const coordinator = await openCoordinator(hotOptions(io))
  try {
    return await work(coordinator)
  } finally {
    await coordinator.close()
  }
}
