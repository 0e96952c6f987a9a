import type { MessageRecord, SessionRecord, SessionWrites } from '@pcc/store/hot'
import { WorktreeError } from '@pcc/worktree'
import { findCaller } from '../caller.js'
import { CoordinatorError } from '../errors.js'
import type { HotDeps } from '../hot-coordinator.js'
import { isAlive } from '../liveness.js'
import { repoRow } from '../repo-key.js'
import { resolveSession } from '../session-ref.js'
import { bury } from '../steps/bury.js'
import { EVERYBODY, findRecipients } from '../steps/recipients.js'
import { callerTree, type TreePlace, treeOf } from '../tree-of.js'

export interface SendInput {
  /** Who sends: id, unique beginning of an id, or name. @default the calling session, or nobody's */
  session?: string
  directory: string
  /** The asking process. */
  pid: number
  /** Ids, unique beginnings of ids, names, or `all`: every open session of the repo but the sender. */
  to: readonly string[]
  /** At most 64 KiB in UTF-8. */
  text: string
}

/** `queued`: it will be there at the session's next step. `dead`: the session is gone, nobody will read it. */
export interface Recipient {
  sessionId: string
  name: string | null
  state: 'queued' | 'dead'
}

export interface SendResult {
  id: string
  recipients: Recipient[]
}

const MOST_BYTES = 64 * 1024

/** What PostgreSQL refuses and UTF-8 cannot hold. */
const UNSTORABLE = /[\0\p{Surrogate}]/gu

function checkText(text: string): string {
  if (text.trim() === '') {
    throw new CoordinatorError('COORDINATOR_BAD_INPUT', 'the message is empty', { hint: 'Say something.' })
  }
  const bytes = Buffer.byteLength(text)
  if (bytes > MOST_BYTES) {
    throw new CoordinatorError(
      'COORDINATOR_BAD_INPUT',
      `the message has ${bytes} bytes, and at most ${MOST_BYTES} can be sent`,
      { hint: 'Put it into a file and send the path.', data: { bytes, most: MOST_BYTES } },
    )
  }
  return text.replace(UNSTORABLE, '\ufffd')
}

async function findSender(
  deps: HotDeps,
  input: SendInput,
  place: TreePlace | null,
): Promise<SessionRecord | undefined> {
  const { runtime, env } = deps
  const { read } = deps.store
  if (input.session !== undefined) return resolveSession(read, input.session, place?.repoId)
  try {
    return await findCaller({ runtime, read }, { pid: input.pid, env, tree: async () => callerTree(place) })
  } catch (error) {
    // a person in a tree that two sessions share is neither of them
    if (error instanceof CoordinatorError && error.code === 'COORDINATOR_AMBIGUOUS_SESSION') return undefined
    throw error
  }
}

interface Posting {
  message: Omit<MessageRecord, 'repoId'>
  recipients: readonly { session: SessionRecord; alive: boolean }[]
  repoIdOf(tx: SessionWrites): Promise<string>
}

async function post(deps: HotDeps, tx: SessionWrites, posting: Posting): Promise<Recipient[]> {
  const repoId = await posting.repoIdOf(tx)
  const recipients: Recipient[] = []
  for (const { session, alive } of posting.recipients) {
    const now = await tx.sessionById(session.id)
    const open = now !== undefined && now.endedAt === null
    // looked at before: a reservation whose maker is dead may have become a living agent's since
    const same = now?.pid === session.pid && now.processStart === session.processStart
    const name = session.name ?? session.worktreeName
    recipients.push({ sessionId: session.id, name, state: open && (alive || !same) ? 'queued' : 'dead' })
    // its process is gone for good; one of another host may only be silent, and keeps what waits for it
    const gone = open && same && !alive && session.host === deps.runtime.host
    if (gone) await bury(tx, deps.runtime, await tx.inboxOf(session.id, ['queued']))
  }
  await bury(tx, deps.runtime, await tx.undeliverable(repoId))
  await tx.insertMessage({ ...posting.message, repoId }, recipients)
  return recipients
}

/**
 * Puts a message into the inboxes of other sessions; the next hook of each gives it to its model. Who is gone is named as `dead`, and what
 * an earlier message waited for in vain is told as well. Nothing is sent when one of the names is unknown.
 *
 * @throws CoordinatorError `COORDINATOR_NO_SESSION`, `COORDINATOR_AMBIGUOUS_SESSION`, `COORDINATOR_BAD_INPUT`; WorktreeError
 * `WORKTREE_NOT_A_REPO` for `all` outside a repository.
 */
export async function sendMessage(deps: HotDeps, input: SendInput): Promise<SendResult> {
  const { runtime, store } = deps
  const body = checkText(input.text)
  if (input.to.length === 0) {
    throw new CoordinatorError('COORDINATOR_BAD_INPUT', 'the message is for nobody', {
      hint: 'Name sessions, or all.',
    })
  }
  const place = await treeOf({ runtime, read: store.read }, input.directory)
  const sender = await findSender(deps, input, place)
  const repoId = place === null ? sender?.repoId : place.repoId
  if (place === null && sender === undefined && input.to.includes(EVERYBODY)) {
    throw new WorktreeError('WORKTREE_NOT_A_REPO', `${input.directory} is not in a git repository`, {
      hint: 'all means the sessions of a repository: change into one, or name one with --repo.',
    })
  }
  const found = await findRecipients({ runtime, read: store.read, repoId, senderId: sender?.id }, input.to)
  const recipients = found.map((session) => ({ session, alive: isAlive(runtime, session) }))
  const message = {
    id: runtime.newId(),
    fromSession: sender?.id ?? null,
    body,
    kind: 'message' as const,
    sentAt: runtime.now(),
  }
  const ofRepo = repoId ?? (place === null ? found[0]?.repoId : undefined)
  const repoIdOf = async (tx: SessionWrites): Promise<string> =>
    ofRepo ?? (await tx.ensureRepo(repoRow(runtime, (place as TreePlace).key))).id
  // a recipient of another repo must not end meanwhile, so then the transaction is alone
  const alone = ofRepo === undefined || found.some((session) => session.repoId !== ofRepo)
  const posting: Posting = { message, recipients, repoIdOf }
  const told = await store.write(alone ? null : ofRepo, (tx) => post(deps, tx, posting))
  return { id: message.id, recipients: told }
}
