import type { InboxRecord, SessionRecord, SessionWrites } from '@pcc/store/hot'
import { plainLine } from '../plain-text.js'
import type { Runtime } from '../runtime.js'
import { notify } from './notify.js'

const SHOWN = 3
const SHOWN_LENGTH = 80

type Clock = Pick<Runtime, 'now' | 'newId'>

function groupBy<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item])
  return [...groups.values()]
}

function undeliveredText(recipient: SessionRecord | undefined, lost: readonly InboxRecord[]): string {
  const id = lost[0]?.toSession ?? ''
  const name = recipient?.name ?? recipient?.worktreeName
  const who = name === null || name === undefined ? `session ${id}` : `"${plainLine(name, 60)}" (${id})`
  const what = lost.length === 1 ? 'a message of yours' : `${lost.length} messages of yours`
  const quoted = lost
    .slice(0, SHOWN)
    .map((one) => `- sent ${one.sentAt}: "${plainLine(one.body, SHOWN_LENGTH)}"`)
  const more = lost.length > SHOWN ? [`- and ${lost.length - SHOWN} more`] : []
  return [`${who} is gone and did not get ${what}. Do not wait for an answer.`, ...quoted, ...more].join('\n')
}

/** Marks these queued messages as dead, and tells each sender that still works once for each recipient. */
export async function bury(tx: SessionWrites, clock: Clock, queued: readonly InboxRecord[]): Promise<void> {
  const now = clock.now()
  for (const inbox of groupBy(queued, (one) => one.toSession)) {
    const { toSession } = inbox[0] as InboxRecord
    const positions = inbox.map((one) => one.position)
    await tx.markMessages(toSession, positions, { state: 'dead', at: now })
    const recipient = await tx.sessionById(toSession)
    const sent = inbox.filter((one) => one.kind === 'message' && one.fromSession !== null)
    for (const lost of groupBy(sent, (one) => one.fromSession as string)) {
      const sender = await tx.sessionById(lost[0]?.fromSession as string)
      if (sender === undefined || sender.endedAt !== null || sender.id === toSession) continue
      const body = undeliveredText(recipient, lost)
      const id = clock.newId()
      await notify(tx, { id, repoId: sender.repoId, toSessionId: sender.id, kind: 'undelivered', body, now })
    }
  }
}
