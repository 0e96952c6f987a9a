export type { EngineInfo } from './dialects/backend.js'
export type { PostgresOptions } from './dialects/postgres.js'
export type { SqliteOptions } from './dialects/sqlite-file.js'
export { StoreError, type StoreErrorCode, type StoreErrorDetails } from './errors.js'
export type { DialectName } from './migrations/dialect.js'
export { openStore, type StoreOptions, type StoreTarget } from './open-store.js'
export type {
  ClaimMode,
  ClaimReads,
  ClaimRecord,
  ClaimSource,
  ClaimWrites,
  InboxRecord,
  IsoTime,
  MessageKind,
  MessageReads,
  MessageRecord,
  MessageState,
  MessageWrites,
  ProcessKey,
  RepoRecord,
  SessionCounting,
  SessionCounts,
  SessionPatch,
  SessionReads,
  SessionRecord,
  SessionStatus,
  SessionStore,
  SessionWrites,
  WarningReads,
  WarningRecord,
  WarningWrites,
  WorktreeRecord,
} from './records.js'
export type { Schema } from './schema.js'
export type { Store, StoreInfo, StoreWrites, WorktreeRecords } from './store.js'
export type {
  FileClaimRow,
  LeaseRow,
  MergeEventRow,
  MessageRecipientRow,
  MessageRow,
  NewFileClaimRow,
  NewLeaseRow,
  NewMergeEventRow,
  NewMessageRecipientRow,
  NewMessageRow,
  NewSandboxRunRow,
  NewSubscriptionRow,
  SandboxRunRow,
  SubscriptionRow,
} from './tables/rows.js'
