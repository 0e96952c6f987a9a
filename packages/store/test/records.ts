import type { RepoRecord, SessionRecord } from '../src/records.js'

export const T0 = '2026-01-02T03:04:05.000Z'

/** A repo record; name what the test is about. */
export function aRepo(fields: Partial<RepoRecord> = {}): RepoRecord {
  return { id: 'r1', host: 'h1', commonDir: '/code/app/.git', projectKey: null, createdAt: T0, ...fields }
}

/** A session record; name what the test is about. */
export function aSession(fields: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: 's1',
    repoId: 'r1',
    host: 'h1',
    pid: 4711,
    processStart: '98765',
    name: null,
    agentSessionId: null,
    worktreePath: '/code/app',
    worktreeName: null,
    branch: 'main',
    base: null,
    isMainRepo: true,
    ownsWorktree: false,
    startedAt: T0,
    lastHeartbeat: T0,
    endedAt: null,
    endReason: null,
    executionMode: 'local',
    sandboxId: null,
    prompt: null,
    status: 'active',
    outputLog: null,
    origin: 'start',
    ...fields,
  }
}
