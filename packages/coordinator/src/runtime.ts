import { closeSync, openSync, readSync } from 'node:fs'
import { hostname } from 'node:os'
import type { ProcessKey } from '@pcc/store/hot'
import { type ProcessTable, systemProcessTable } from './processes/table.js'

/** What the rooms must not reach for by themselves: time, chance, processes. */
export interface Runtime {
  /** Now, as ISO 8601 UTC with milliseconds. */
  now(): string
  /** A new random id of lower-case letters and digits. */
  newId(): string
  host: string
  processes: ProcessTable
}

const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789'
const ID_LENGTH = 8

/** Chance as the system gives it. To load Node's cryptography for eight bytes would be a sixth of a hook's time. */
function chance(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  try {
    const source = openSync('/dev/urandom', 'r')
    try {
      if (readSync(source, bytes) === length) return bytes
    } finally {
      closeSync(source)
    }
  } catch {
    // not every system has it
  }
  return process.getBuiltinModule('node:crypto').randomBytes(length)
}

function randomId(): string {
  return Array.from(chance(ID_LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]).join('')
}

/** The real clock, chance and process table. */
export function systemRuntime(): Runtime {
  return {
    now: () => new Date().toISOString(),
    newId: randomId,
    host: hostname(),
    processes: systemProcessTable(),
  }
}

/** The key of a running process, or `null` when there is none of this pid. */
export function processKey(runtime: Runtime, pid: number): ProcessKey | null {
  const seen = runtime.processes.look(pid)
  if (seen === null) return null
  return { host: runtime.host, pid, processStart: seen.start === '' ? null : seen.start }
}

/** True when that very process runs on this host: same pid, same start. A reused pid is not it. */
export function isRunning(runtime: Runtime, key: ProcessKey): boolean {
  const seen = runtime.processes.look(key.pid)
  if (seen === null) return false
  // where the system does not tell the start, the pid alone has to do: better a dead one kept than a living one lost
  return key.processStart === null || seen.start === '' || seen.start === key.processStart
}

/** How far up an ancestry is followed; deeper ones do not occur outside loops. */
const MAX_DEPTH = 64

/** The processes above `pid`, nearest first, `pid` itself included. */
export function ancestry(runtime: Runtime, pid: number): ProcessKey[] {
  const chain: ProcessKey[] = []
  let current = pid
  while (current > 1 && chain.length < MAX_DEPTH) {
    const seen = runtime.processes.look(current)
    if (seen === null) break
    chain.push({ host: runtime.host, pid: current, processStart: seen.start === '' ? null : seen.start })
    current = seen.parent
  }
  return chain
}
