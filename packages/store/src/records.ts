/** Times are ISO 8601 UTC text with milliseconds and `Z`. The store has no clock: callers pass them. */
export type IsoTime = string

/** A process, known so that a reused pid is not the same one. `processStart` is opaque; `null` when the system does not tell. */
export interface ProcessKey {
  host: string
  pid: number
  processStart: string | null
}

/** The git common directory of one host. */
export interface RepoRecord {
  id: string
  host: string
  commonDir: string
  /** What two hosts compare to know the same project: the normalised origin URL, else the root commit; `null` until known. */
  projectKey: string | null
  createdAt: IsoTime
}

/** `starting`: reserved, its tree is being made. `active`: registered. `ended`: over; the row stays for statistics. */
export type SessionStatus = 'starting' | 'active' | 'ended'

/** One agent process attached to one working tree. */
export interface SessionRecord extends ProcessKey {
  id: string
  repoId: string
  name: string | null
  /** Claude's own `session_id`, which can change under a living session. */
  agentSessionId: string | null
  worktreePath: string
  worktreeName: string | null
  branch: string | null
  /** The commit that the session's branch began at. */
  base: string | null
  isMainRepo: boolean
  /** True when `start` made the tree for this session. */
  ownsWorktree: boolean
  startedAt: IsoTime
  lastHeartbeat: IsoTime
  endedAt: IsoTime | null
  endReason: string | null
  executionMode: string
  sandboxId: string | null
  prompt: string | null
  status: SessionStatus
  outputLog: string | null
  /** Who registered it. */
  origin: 'start' | 'hook'
}

/** What may change in a session after it was inserted. */
export type SessionPatch = Partial<
  Pick<
    SessionRecord,
    | 'host'
    | 'pid'
    | 'processStart'
    | 'name'
    | 'agentSessionId'
    | 'worktreePath'
    | 'worktreeName'
    | 'branch'
    | 'base'
    | 'isMainRepo'
    | 'ownsWorktree'
    | 'lastHeartbeat'
    | 'status'
  >
>

/** What a listing shows beside a session. */
export interface SessionCounts {
  /** Claims that have not expired at the time asked about. */
  claims: number
  unreadMessages: number
}

/** Reads. A session that has ended is found by `sessionById` alone, and has no claims. */
export interface SessionReads extends ClaimReads, MessageReads, WarningReads {
  repoByKey(key: Pick<RepoRecord, 'host' | 'commonDir'>): Promise<RepoRecord | undefined>
  sessionById(id: string): Promise<SessionRecord | undefined>
  /** Not-ended sessions of these processes, on one host. */
  sessionsByPids(host: string, pids: readonly number[]): Promise<SessionRecord[]>
  /** Not-ended sessions of one repo, oldest first. */
  openSessions(repoId: string): Promise<SessionRecord[]>
  /** Not-ended sessions of all repos, oldest first. */
  allOpenSessions(): Promise<SessionRecord[]>
  /** The repos of one host, in the order in which they were met. */
  reposOf(host: string): Promise<RepoRecord[]>
}

/** Reads and writes inside one write transaction. */
export interface SessionWrites extends SessionReads, ClaimWrites, MessageWrites, WarningWrites {
  /** The repo's row, made when there is none. */
  ensureRepo(repo: RepoRecord): Promise<RepoRecord>
  insertSession(session: SessionRecord): Promise<void>
  /** False when the session is not there or has ended. */
  updateSession(id: string, patch: SessionPatch): Promise<boolean>
  /** Ends it and frees its claims and subscriptions. False when it had ended already. */
  endSession(id: string, end: { endedAt: IsoTime; endReason: string }): Promise<boolean>
}

/** What a use case that must start fast needs of the store: both doors (`openStore`, `openHotStore`) give it. */
export interface SessionStore {
  read: SessionReads
  /** One immediate write transaction; only SQL may be awaited inside. `repoId` names whom it serialises with on PostgreSQL. */
  write<T>(repoId: string | null, work: (tx: SessionWrites) => Promise<T>): Promise<T>
  /** Moves the heartbeat of a session that has not ended, in one short write; false when there is none. */
  beat(sessionId: string, at: IsoTime): Promise<boolean>
  close(): Promise<void>
}

/** What both doors count for a listing. */
export interface SessionCounting {
  /** One entry for every id that is asked about: claims that have not expired at `now`, and messages not read yet. */
  countsOf(sessionIds: readonly string[], now: IsoTime): Promise<Map<string, SessionCounts>>
}

/** The trees that this tool made, for statistics; what may be removed is decided from git and the disk alone. */
export interface WorktreeRecord {
  id: string
  repoId: string
  sessionId: string | null
  path: string
  branch: string
  base: string
  createdAt: IsoTime
  removedAt: IsoTime | null
}

/** `exclusive` keeps everybody else off; `advisory` warns. */
export type ClaimMode = 'advisory' | 'exclusive'

/** `manual`: asked for. `edit`: made by an edit, and gone when the change has landed or gone. */
export type ClaimSource = 'manual' | 'edit'

/** A session's stated hold on a path, or on all paths that a glob means. */
export interface ClaimRecord {
  sessionId: string
  repoId: string
  /** Relative to the repository's root, with `/`; a glob when `isGlob`. */
  path: string
  isGlob: boolean
  mode: ClaimMode
  source: ClaimSource
  reason: string | null
  claimedAt: IsoTime
  /** `null`: until it is released or its session ends. */
  expiresAt: IsoTime | null
}

/** Reads of claims. Expired ones are among the answers: who asks has the clock. Claims of ended sessions do not exist. */
export interface ClaimReads {
  /** All claims of a repo, by path. */
  claimsOf(repoId: string): Promise<ClaimRecord[]>
  /**
   * What can meet these paths: claims on exactly them, and globs that begin like one of them. With `prefixes` also claims that begin with
   * one of these texts, which is what a glob can meet.
   */
  claimsMeeting(
    repoId: string,
    paths: readonly string[],
    prefixes?: readonly string[],
  ): Promise<ClaimRecord[]>
}

export interface ClaimWrites extends ClaimReads {
  /** Inserts, or replaces the session's own claim on the same path. */
  putClaim(claim: ClaimRecord): Promise<void>
  /** Deletes the session's claims on these paths, or all of them with `null`; returns what was there. */
  deleteClaims(sessionId: string, paths: readonly string[] | null): Promise<ClaimRecord[]>
}

/** What becomes of a message for one recipient; `dead`: nobody was there to get it. */
export type MessageState = 'queued' | 'delivered' | 'read' | 'dead'

/** `message` is from a session or a person, the others are the tool's own; `undelivered`: a recipient was gone before it got a message. */
export type MessageKind =
  | 'message'
  | 'undelivered'
  | 'claim_expired'
  | 'claim_violated'
  | 'branch_merged'
  | 'conflict_ahead'
  | 'run_finished'

export interface MessageRecord {
  id: string
  repoId: string
  /** `null` when the tool itself speaks, or a person outside every session. */
  fromSession: string | null
  body: string
  kind: MessageKind
  sentAt: IsoTime
}

/** A message as one recipient has it. */
export interface InboxRecord extends MessageRecord {
  toSession: string
  /** Its place in the order of the inbox. */
  position: number
  state: MessageState
  deliveredAt: IsoTime | null
  readAt: IsoTime | null
}

export interface MessageReads {
  /** The inbox of a session in its order; without states all of it, with a limit its beginning. */
  inboxOf(sessionId: string, states?: readonly MessageState[], limit?: number): Promise<InboxRecord[]>
  /** What a session sent, an entry for each recipient, in the order of sending. */
  sentBy(sessionId: string): Promise<InboxRecord[]>
  /** What is queued for sessions of this repo that have ended, in order: nobody will get it. */
  undeliverable(repoId: string): Promise<InboxRecord[]>
}

export interface MessageWrites extends MessageReads {
  /**
   * Puts a message into the inboxes of its recipients, each named once. Whoever reads an inbox sees no message before the ones with lower
   * positions: transactions that insert messages follow one another, whichever repo they are about.
   */
  insertMessage(
    message: MessageRecord,
    recipients: readonly { sessionId: string; state: MessageState }[],
  ): Promise<void>
  /**
   * Moves these messages of one inbox on, never back: `delivered` and `dead` from `queued`, `read` from `queued` and `delivered`. Returns how
   * many moved.
   */
  markMessages(
    sessionId: string,
    positions: readonly number[],
    to: { state: 'delivered' | 'read' | 'dead'; at: IsoTime },
  ): Promise<number>
}

/** That a session was held back once, because another one holds or edits a file. */
export interface WarningRecord {
  sessionId: string
  repoId: string
  /** Relative to the repository's root, with `/`; a pattern where a whole folder was meant. */
  path: string
  /** The other session. */
  holder: string
  warnedAt: IsoTime
}

export interface WarningReads {
  /** The warnings that a session has had on these paths. */
  warningsOf(sessionId: string, paths: readonly string[]): Promise<WarningRecord[]>
}

export interface WarningWrites extends WarningReads {
  /** Notes a warning; one that is there stays as it is. */
  putWarning(warning: WarningRecord): Promise<void>
}
