import type { Deps } from '../deps.js'
import { CoordinatorError } from '../errors.js'
import { faultPoint } from '../fault.js'
import { processKey } from '../runtime.js'
import { activate } from '../steps/activate.js'

/**
 * Says which process the session that `startSession` reserved is. From here on the maker may die and the session lives.
 *
 * @throws CoordinatorError `COORDINATOR_NO_PROCESS`, `COORDINATOR_NO_SESSION`.
 */
export async function attachAgent(deps: Deps, input: { sessionId: string; pid: number }): Promise<void> {
  const agent = processKey(deps.runtime, input.pid)
  const session = await deps.store.read.sessionById(input.sessionId)
  if (agent === null || session === undefined) {
    throw new CoordinatorError('COORDINATOR_NO_PROCESS', `the agent's process ${input.pid} is gone`, {
      hint: 'Start it again.',
      data: { pid: input.pid },
    })
  }
  faultPoint('start:attaching')
  await activate(deps, session, { agent })
  faultPoint('start:attached')
}
