import { type ClaimView, claimPaths, type HeldPath, openHotCoordinator } from '@pcc/coordinator/hot'
import { type CommonArgs, directoryOf, type Handler, hotOptions } from '../context.js'
import { durationOf } from '../duration.js'
import { EXIT, UsageError } from '../exit-codes.js'
import { narrate, printJson, say } from '../io.js'

export interface ClaimArgs extends CommonArgs {
  paths: readonly string[]
  mode?: 'advisory' | 'exclusive' | undefined
  ttl?: string | undefined
  reason?: string | undefined
  force: boolean
  session?: string | undefined
}

function grantedDocument({ path, mode, expiresAt }: ClaimView): object {
  return { path, mode, expiresAt }
}

/** What the JSON document says about a path that others hold. */
export function heldDocument({ path, by }: HeldPath): object {
  const { mode, sessionId, claimedBy, claimedAt, expiresAt, reason } = by
  return { path, by: { path: by.path, mode, sessionId, claimedBy, claimedAt, expiresAt, reason } }
}

/** Claims paths for a session, all or none. */
export const claim: Handler<ClaimArgs> = async (io, args) => {
  if (args.paths.length === 0) {
    throw new UsageError('claim takes at least one path', "parallel-cc claim src/api.ts, or claim 'src/**'.")
  }
  const ttlMs = args.ttl === undefined ? undefined : durationOf(args.ttl)
  const coordinator = await openHotCoordinator(hotOptions(io))
  try {
    const result = await claimPaths(coordinator, {
      ...(args.session === undefined ? {} : { session: args.session }),
      directory: directoryOf(io, args),
      pid: io.parentPid,
      paths: args.paths,
      ...(args.mode === undefined ? {} : { mode: args.mode }),
      ...(ttlMs === undefined ? {} : { ttlMs }),
      ...(args.reason === undefined ? {} : { reason: args.reason }),
      force: args.force,
    })
    const granted = result.outcome === 'granted' ? result.granted : []
    const held = result.outcome === 'held' ? result.held : []
    const { renderGranted, renderHeld, renderLeftByCrash } = await import('../render/claims.js')
    if (result.outcome === 'granted') {
      for (const line of renderLeftByCrash(result.leftByCrash)) narrate(io, line)
    }
    if (args.json) {
      printJson(io, { granted: granted.map(grantedDocument), held: held.map(heldDocument) })
    } else if (held.length === 0) {
      say(io, renderGranted(granted))
    } else {
      say(io, renderHeld(held))
      narrate(io, 'nothing was claimed: claim something else, or ask the holder with parallel-cc send.')
    }
    return held.length === 0 ? EXIT.done : EXIT.no
  } finally {
    await coordinator.close()
  }
}
