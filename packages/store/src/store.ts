import type { Kysely, Transaction } from 'kysely'
import type { Backend, EngineInfo } from './dialects/backend.js'
import type { DialectName } from './migrations/dialect.js'
import type {
  IsoTime,
  SessionCounting,
  SessionReads,
  SessionStore,
  SessionWrites,
  WorktreeRecord,
} from './records.js'
import type { Schema } from './schema.js'
import { claimReads, claimWrites } from './tables/claims.js'
import { countsOf } from './tables/counts.js'
import { inboxOf, insertMessage, markMessages, sentBy, undeliverable } from './tables/messages.js'
import { ensureRepo, findRepo, reposOf } from './tables/repos.js'
import {
  allOpenSessions,
  endSession,
  findSession,
  insertSession,
  openSessions,
  sessionsByPids,
  updateSession,
} from './tables/sessions.js'
import { putWarning, warningsOf } from './tables/warnings.js'
import { insertWorktree, listWorktrees, markWorktree } from './tables/worktrees.js'
import { inWriteTransaction } from './write.js'

/** The trees that were made for sessions. */
export interface WorktreeRecords {
  insert(worktree: WorktreeRecord): Promise<void>
  /** Notes a removal, or with `null` that the tree was brought back. False when there is no such tree. */
  markRemoved(id: string, removedAt: IsoTime | null): Promise<boolean>
  /** The trees of one repo, oldest first, removed ones included. */
  list(repoId: string): Promise<WorktreeRecord[]>
}

/** Reads and writes inside one write transaction of the full store. */
export interface StoreWrites extends SessionWrites, SessionCounting {
  readonly worktrees: WorktreeRecords
  /** The same transaction as queries, for the tables that have no record functions here. */
  readonly db: Transaction<Schema>
}

/** What `doctor` wants to know. */
export interface StoreInfo extends EngineInfo {
  dialect: DialectName
  /** The file, or the server without its password. */
  location: string
  /** Name of the latest migration that was applied. */
  schemaVersion: string
}

/** The whole store, on SQLite or PostgreSQL. */
export interface Store extends SessionStore, SessionCounting {
  readonly dialect: DialectName
  /** The file, or the server without its password. */
  readonly location: string
  /** Queries outside a transaction. Writes go through `write`. Errors are this room's. */
  readonly db: Kysely<Schema>
  /** Each change is a write transaction of its own; inside `write()` use those of its argument. */
  readonly worktrees: WorktreeRecords
  write<T>(repoId: string | null, work: (tx: StoreWrites) => Promise<T>): Promise<T>
  /** Looks at the database itself; on SQLite it reads every page. */
  info(): Promise<StoreInfo>
}

/** Puts the records' functions over a database that is at the latest schema. */
export function createStore(backend: Backend): Store {
  const { db } = backend
  const write: Store['write'] = (repoId, work) =>
    inWriteTransaction(backend, repoId, (tx) => work(writesOf(backend, tx)))
  return {
    dialect: backend.dialect,
    location: backend.location,
    db,
    read: readsOf(db),
    write,
    // a statement alone is a transaction, and other sessions of the repo are no business of it
    beat: (sessionId, at) => backend.inTurn(() => updateSession(db, sessionId, { lastHeartbeat: at })),
    countsOf: (sessionIds, now) => countsOf(db, sessionIds, now),
    worktrees: {
      insert: (worktree) => write(worktree.repoId, (tx) => tx.worktrees.insert(worktree)),
      markRemoved: (id, removedAt) => write(null, (tx) => tx.worktrees.markRemoved(id, removedAt)),
      list: (repoId) => listWorktrees(db, repoId),
    },
    async info() {
      const engine = await backend.inspect()
      const schemaVersion = (await backend.applied(db)).at(-1) ?? ''
      return { dialect: backend.dialect, location: backend.location, schemaVersion, ...engine }
    },
    close: () => backend.close(),
  }
}

function readsOf(db: Kysely<Schema>): SessionReads {
  return {
    repoByKey: (key) => findRepo(db, key),
    sessionById: (id) => findSession(db, id),
    sessionsByPids: (host, pids) => sessionsByPids(db, host, pids),
    openSessions: (repoId) => openSessions(db, repoId),
    allOpenSessions: () => allOpenSessions(db),
    reposOf: (host) => reposOf(db, host),
    ...claimReads(db),
    inboxOf: (sessionId, states, limit) => inboxOf(db, sessionId, { states, limit }),
    sentBy: (sessionId) => sentBy(db, sessionId),
    undeliverable: (repoId) => undeliverable(db, repoId),
    warningsOf: (sessionId, paths) => warningsOf(db, sessionId, paths),
  }
}

function writesOf(backend: Backend, tx: Transaction<Schema>): StoreWrites {
  return {
    ...readsOf(tx),
    ...claimWrites(tx),
    ensureRepo: (repo) => ensureRepo(tx, repo),
    insertSession: (session) => insertSession(tx, session),
    updateSession: (id, patch) => updateSession(tx, id, patch),
    endSession: (id, end) => endSession(tx, id, end),
    async insertMessage(message, recipients) {
      await backend.enterInboxes(tx)
      await insertMessage(tx, message, recipients)
    },
    markMessages: (sessionId, positions, to) => markMessages(tx, { sessionId, positions, ...to }),
    putWarning: (warning) => putWarning(tx, warning),
    countsOf: (sessionIds, now) => countsOf(tx, sessionIds, now),
    worktrees: {
      insert: (worktree) => insertWorktree(tx, worktree),
      markRemoved: (id, removedAt) => markWorktree(tx, id, removedAt),
      list: (repoId) => listWorktrees(tx, repoId),
    },
    db: tx,
  }
}
