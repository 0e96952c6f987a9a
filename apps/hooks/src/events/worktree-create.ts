import { openCoordinator } from '@pcc/coordinator'
import { type HookIo, storeOptions } from '../hook-io.js'
import { readPayload } from '../payload.js'

function lines(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const hint = (error as { hint?: unknown } | null)?.hint
  return `parallel-cc: ${message}\n${typeof hint === 'string' ? `  ${hint}\n` : ''}`
}

/**
 * Makes the tree that `claude --worktree`, `EnterWorktree` or an isolated subagent asks for, and replies with its path. The client has no
 * other way to get one, so a failure is told: never does somebody else's tree stand in for it.
 */
export async function worktreeCreate(io: HookIo): Promise<number> {
  const payload = readPayload(io.input)
  try {
    const coordinator = await openCoordinator(storeOptions(io))
    try {
      const tree = await coordinator.giveTree({
        directory: payload.cwd ?? io.cwd,
        name: payload.name ?? null,
      })
      io.reply(`${tree.path}\n`)
      return 0
    } finally {
      await coordinator.close()
    }
  } catch (error) {
    io.refuse(lines(error))
    return 1
  }
}
