import { join } from 'node:path'
import {
  type Sleeper,
  setProcessEnv,
  sleeper,
  type TempRepo,
  type TempRepoOptions,
  tempRepo,
} from '@pcc/test-kit'
import { onTestFinished } from 'vitest'
import { type Coordinator, openCoordinator } from '../src/coordinator.js'
import type { StartedSession, StartInput } from '../src/use-cases/start-session.js'

export interface Bench {
  repo: TempRepo
  coordinator: Coordinator
  env: Record<string, string>
  /** Starts a session for a new real process. */
  start(input?: Partial<StartInput>): Promise<StartedSession & { process: Sleeper }>
}

/** A repository, a state folder of its own and a coordinator over both, gone when the test ends. */
export async function bench(
  options: TempRepoOptions & { env?: Record<string, string> } = {},
): Promise<Bench> {
  const repo = tempRepo(options)
  const env = { ...repo.env, PARALLEL_CC_HOME: join(repo.home, '.parallel-cc'), ...options.env }
  setProcessEnv(env)
  const coordinator = await openCoordinator({ env })
  onTestFinished(() => coordinator.close())
  return {
    repo,
    coordinator,
    env,
    async start(input = {}) {
      const agent = await sleeper()
      const session = await coordinator.startSession({
        directory: repo.root,
        ownerPid: process.pid,
        pid: agent.pid,
        ...input,
      })
      return { ...session, process: agent }
    },
  }
}
