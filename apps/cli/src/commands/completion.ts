import { type CommonArgs, type Handler, withCoordinator } from '../context.js'
import { type Io, say } from '../io.js'

export type CompletedShell = 'bash' | 'zsh' | 'fish'

export interface CompletionArgs extends CommonArgs {
  shell: CompletedShell
}

/** Asks the program itself; its answers are lines that are taken as they are, never evaluated. */
const SCRIPTS: Readonly<Record<CompletedShell, string>> = {
  bash: `# parallel-cc completion for bash: parallel-cc completion bash >> ~/.bashrc
_parallel_cc() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do COMPREPLY+=("$line"); done < <(parallel-cc complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _parallel_cc parallel-cc`,
  zsh: `#compdef parallel-cc
# parallel-cc completion for zsh: parallel-cc completion zsh >> ~/.zshrc
_parallel_cc() {
  local -a found
  found=("\${(@f)$(parallel-cc complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a found
}
compdef _parallel_cc parallel-cc`,
  fish: `# parallel-cc completion for fish: parallel-cc completion fish > ~/.config/fish/completions/parallel-cc.fish
complete -c parallel-cc -f -a '(parallel-cc complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'`,
}

/** Prints the script that a shell loads. */
export const completion: Handler<CompletionArgs> = async (io, args) => {
  say(io, SCRIPTS[args.shell])
  return 0
}

const COMMANDS = [
  'start',
  'heartbeat',
  'stop',
  'status',
  'list',
  'claims',
  'claim',
  'release',
  'check',
  'send',
  'inbox',
  'cleanup',
  'restore',
  'config',
  'completion',
] as const

const WORDS: Readonly<Record<string, readonly string[]>> = {
  start: ['--name', '--base', '--isolation', '--agent', '--no-launch', '--pid', '--json', '--repo'],
  heartbeat: ['--json', '--repo'],
  stop: ['--keep', '--json', '--repo'],
  status: ['--all', '--sandbox-only', '--watch', '--json', '--repo'],
  list: ['--all', '--disk', '--json', '--repo'],
  claims: ['--all', '--json', '--repo'],
  claim: ['--mode', '--ttl', '--reason', '--force', '--session', '--json', '--repo'],
  release: ['--all', '--session', '--json', '--repo'],
  check: ['--session', '--json', '--repo'],
  send: ['--session', '--json', '--repo'],
  inbox: ['--sent', '--all', '--session', '--json', '--repo'],
  cleanup: ['--dry-run', '--discard', '--json', '--repo'],
  restore: ['--json', '--repo'],
  config: ['get', 'set', 'unset', 'list', '--origin', '--json'],
  completion: ['bash', 'zsh', 'fish'],
}

/** A name that a shell takes as one plain word. */
const PLAIN = /^[\p{L}\p{N}._-]+$/u

async function sessionNames(io: Io): Promise<string[]> {
  const { sessions } = await withCoordinator(io, (it) => it.status({ directory: io.cwd, all: true }))
  return sessions.map(({ name, sessionId }) => (name !== null && PLAIN.test(name) ? name : sessionId))
}

async function removalIds(io: Io): Promise<string[]> {
  const removals = await withCoordinator(io, (it) => it.listRestorable({ directory: io.cwd }))
  return removals.map((row) => row.id)
}

async function candidates(io: Io, words: readonly string[]): Promise<readonly string[]> {
  const [command = '', second] = words
  if (words.length <= 1) return COMMANDS
  const own = WORDS[command] ?? []
  if (command === 'send') return ['all', ...(await sessionNames(io)), ...own]
  if (command === 'stop' || command === 'heartbeat') return [...(await sessionNames(io)), ...own]
  if (command === 'restore') return [...(await removalIds(io)), ...own]
  if (command === 'config' && words.length === 3 && second !== 'list') {
    const { CONFIG_KEYS } = await import('@pcc/coordinator')
    return CONFIG_KEYS
  }
  return own
}

/** Prints what the last of these words may become, a line each. Errors are silence: a person is typing. */
export async function complete(io: Io, words: readonly string[]): Promise<number> {
  const last = words.at(-1) ?? ''
  try {
    const fitting = (await candidates(io, words)).filter((word) => word.startsWith(last))
    for (const word of fitting) say(io, word)
  } catch {
    // outside a repository, say, there is nothing to offer
  }
  return 0
}
