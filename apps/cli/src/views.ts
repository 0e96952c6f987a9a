import { loadConfig, openHotCoordinator, placeOf, type ViewDeps } from '@pcc/coordinator/hot'
import { hotOptions } from './context.js'
import type { Io } from './io.js'

/** Runs `work` with what showing things needs, and nothing loaded that only changes need. */
export async function withView<T>(io: Io, work: (deps: ViewDeps) => Promise<T>): Promise<T> {
  const config = loadConfig(placeOf(io.env).configFile).values
  const coordinator = await openHotCoordinator(hotOptions(io))
  try {
    return await work({ ...coordinator, config })
  } finally {
    await coordinator.close()
  }
}
