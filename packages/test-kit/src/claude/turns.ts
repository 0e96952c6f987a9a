/** Part of an answer of the model in which it calls a tool of the client. */
export interface ToolUse {
  /** Name as the client knows it: `Edit`, `Write`, `Bash`, `Read`, `mcp__<server>__<tool>`. */
  name: string
  input: Record<string, unknown>
  /** @default unique in its API */
  id?: string
}

/** One answer of the model. */
export interface Answer {
  /** Written before the tool calls. */
  text?: string
  tools?: ToolUse[]
  /** @default `tool_use` with tools, else `end_turn` */
  stopReason?: string
  /** Tokens reported. @default 100 in, 20 out */
  usage?: { input?: number; output?: number }
  /** The answer is held back until the gate opens. */
  gate?: Gate
  /** The answer is held back this long. */
  delayMs?: number
  /** Waits this long between the pieces of the stream. */
  pieceDelayMs?: number
}

/**
 * An error instead of an answer. The client asks again after 529 and other 5xx, and after 400 in simpler forms; each time takes a
 * turn of the script, unless the failure is `forever`.
 */
export interface Failure {
  status: number
  message?: string
  gate?: Gate
  delayMs?: number
  /** Answers every further request of this script in the same way. */
  forever?: boolean
}

/** What the script does with one request: a fixed turn, or one made from what the client sent. */
export type Turn = Answer | Failure | ((texts: readonly string[]) => Answer | Failure)

/** A place at which a test holds a client in the middle of its work. */
export interface Gate {
  /** Settles when a client has come to the gate. */
  readonly reached: Promise<void>
  /** Lets the client go on, now or when it comes. */
  open(): void
  /** For the server: says that a client is there, and waits until it may go on. */
  pass(): Promise<void>
}

/** A new closed gate, for the `gate` of a turn. */
export function gate(): Gate {
  let arrive!: () => void
  let open!: () => void
  const reached = new Promise<void>((resolve) => {
    arrive = resolve
  })
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return {
    reached,
    open,
    pass() {
      arrive()
      return opened
    },
  }
}

/** The model says this and ends its turn. */
export function say(text: string, more: Answer = {}): Answer {
  return { text, ...more }
}

/** The model calls one tool. */
export function use(name: string, input: Record<string, unknown>, more: Answer = {}): Answer {
  return { tools: [{ name, input }], ...more }
}

/** The API refuses with an HTTP status. */
export function fail(status: number, more: Omit<Failure, 'status'> = {}): Failure {
  return { status, ...more }
}
