import { setTimeout as pause } from 'node:timers/promises'
import type { Transaction } from 'kysely'
import type { Backend } from './dialects/backend.js'
import { StoreError } from './errors.js'
import type { Schema } from './schema.js'

const ATTEMPTS = 4
const PAUSE_MS = 40

/**
 * Runs work in one write transaction. What fails after the work has begun is never repeated; a transaction that could not be
 * begun is tried a few times when the reason passes by itself.
 */
export function inWriteTransaction<T>(
  backend: Backend,
  repoId: string | null,
  work: (tx: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  return backend.inTurn(() => begunAgain(backend, repoId, work))
}

async function begunAgain<T>(
  backend: Backend,
  repoId: string | null,
  work: (tx: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    let entered = false
    try {
      // The work must see what others committed while it waited for its lock, which only this level allows on PostgreSQL.
      const transaction = backend.db.transaction().setIsolationLevel('read committed')
      return await transaction.execute(async (tx) => {
        await backend.enter(tx, repoId)
        entered = true
        return await work(tx)
      })
    } catch (error) {
      const again =
        !entered && attempt < ATTEMPTS && error instanceof StoreError && backend.mayBeginAgain(error)
      if (!again) throw error
      await pause(attempt * PAUSE_MS)
    }
  }
}
