import type { IsoTime, MessageKind, MessageWrites } from '@pcc/store/hot'

/** A message of the tool itself to one session. */
export interface Notice {
  id: string
  repoId: string
  toSessionId: string
  kind: Exclude<MessageKind, 'message'>
  /** What the model is to know, in a sentence or two; names in it need no cleaning, which delivery does. */
  body: string
  now: IsoTime
}

/** Puts a notice of the tool's own into a session's inbox, in the caller's transaction. */
export async function notify(tx: Pick<MessageWrites, 'insertMessage'>, notice: Notice): Promise<void> {
  const { id, repoId, kind, body, now } = notice
  await tx.insertMessage({ id, repoId, fromSession: null, body, kind, sentAt: now }, [
    { sessionId: notice.toSessionId, state: 'queued' },
  ])
}
