/** The settings, with their types. A key that is not here is an error. */
export interface Config {
  /** The agent's command line, split into words as a shell would. */
  agent: string
  'worktree.dir': string | null
  'worktree.backend': 'git' | 'gtr'
  /** Globs of ignored files that hold a tree back like untracked ones. */
  'worktree.keepIgnored': readonly string[]
  /** The branch that work lands in; `null`: the repository's default branch. */
  'merge.target': string | null
  'trash.keepDays': number
  'rescue.keepDays': number
  /** For sessions of other hosts only, in minutes since their last heartbeat. */
  'session.staleMinutes': number
  /** How long a claim holds unless told otherwise; 0: until it is released or its session ends. */
  'claims.ttlMinutes': number
  /** What an edit meets that another session only warns about: held back once, told afterwards, or nothing. */
  'claims.onAdvisory': 'once' | 'after' | 'off'
}

export type ConfigKey = keyof Config

export interface Setting<T> {
  default: T
  help: string
  /** The value that a text or JSON value stands for, or `undefined` when it stands for none. */
  read(value: unknown): T | undefined
  /** What is accepted, for the error message. */
  expects: string
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' && !/[\0\n]/.test(value) ? value : undefined
}

function textOrNull(value: unknown): string | null | undefined {
  return value === null || value === '' ? null : text(value)
}

function positive(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined
}

function list(value: unknown): readonly string[] | undefined {
  const items = typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value
  if (!Array.isArray(items) || !items.every((item) => typeof item === 'string')) return undefined
  return items.filter((item) => item !== '')
}

/** Every setting, its default and its reader. */
export const SETTINGS: { readonly [K in ConfigKey]: Setting<Config[K]> } = {
  agent: {
    default: 'claude',
    help: 'Command line of the agent that start launches.',
    read: text,
    expects: 'a command',
  },
  'worktree.dir': {
    default: null,
    help: 'Folder for linked worktrees. Default: <repo>-worktrees beside the main worktree.',
    read: textOrNull,
    expects: 'a path',
  },
  'worktree.backend': {
    default: 'git',
    help: 'What makes the worktrees: git, or gtr with its own config, copies and hooks.',
    read: (value) => (value === 'git' || value === 'gtr' ? value : undefined),
    expects: 'git or gtr',
  },
  'worktree.keepIgnored': {
    default: [],
    help: 'Globs of ignored files that keep a tree from being removed.',
    read: list,
    expects: 'globs, separated by commas',
  },
  'merge.target': {
    default: null,
    help: 'Branch that work lands in. Default: the default branch of the repository.',
    read: textOrNull,
    expects: 'a branch',
  },
  'trash.keepDays': {
    default: 14,
    help: 'Days that a removed tree can be restored. Cleanup empties what is older.',
    read: positive,
    expects: 'a number of days',
  },
  'rescue.keepDays': {
    default: 90,
    help: 'Days that rescue refs keep the commits of removed trees.',
    read: positive,
    expects: 'a number of days',
  },
  'session.staleMinutes': {
    default: 10,
    help: 'Minutes without a heartbeat after which a session of another host counts as dead.',
    read: positive,
    expects: 'a number of minutes',
  },
  'claims.ttlMinutes': {
    default: 60,
    help: 'Minutes that a claim holds unless told otherwise. 0: until it is released or its session ends.',
    read: positive,
    expects: 'a number of minutes',
  },
  'claims.onAdvisory': {
    default: 'once',
    help: 'An edit of what another session claims as advisory: once holds it back with a warning, after only tells, off says nothing.',
    read: (value) => (value === 'once' || value === 'after' || value === 'off' ? value : undefined),
    expects: 'once, after or off',
  },
}

/** All keys, in the order in which they are shown. */
export const CONFIG_KEYS: readonly ConfigKey[] = Object.keys(SETTINGS) as ConfigKey[]
