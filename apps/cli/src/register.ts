import type { Argv } from 'yargs'
// these two are in the part that every command loads, see bin.ts
import { heartbeat } from './commands/heartbeat.js'
import { status } from './commands/status.js'
import type { CommonArgs } from './context.js'
import { UsageError } from './exit-codes.js'
import type { Io } from './io.js'
import { lastOf, PARSING } from './parsing.js'
import { registerClaims } from './register-claims.js'

type Done = (code: number) => void

/** A parser that knows the flags which every command takes. */
type Parser = Argv<CommonArgs>

const SESSION_HELP = 'Id, unique beginning of an id, or name [default: the calling session]'

/** A pid as typed, or the error that says why it is none. */
function pidOf(value: unknown): number | undefined {
  if (value === undefined) return undefined
  const pid = Number(value)
  if (Number.isSafeInteger(pid) && pid > 0) return pid
  throw new UsageError(`'${String(value)}' is no pid`, 'Give the number of a running process.')
}

/** The words after `--`, which yargs leaves out of its types. */
function afterDashes(argv: object): string[] {
  const rest = (argv as { '--'?: unknown[] })['--'] ?? []
  return rest.map(String)
}

function registerStart(io: Io, parser: Parser, done: Done): Parser {
  return parser.command(
    'start',
    'Register a session and launch the agent in its tree',
    (y) =>
      y
        .usage('$0 start [options] [-- ARGS for the agent]')
        .option('name', {
          type: 'string',
          requiresArg: true,
          describe: 'Name of the session, its tree and branch',
        })
        .option('base', {
          type: 'string',
          requiresArg: true,
          describe: 'What a new branch begins at [default: HEAD]',
        })
        .option('isolation', {
          choices: ['auto', 'always', 'never'] as const,
          default: 'auto' as const,
          describe: 'A tree of its own: when another session lives here, always, or never',
        })
        .option('agent', {
          type: 'string',
          requiresArg: true,
          describe: 'Command line of the agent [default: claude]',
        })
        .option('launch', {
          type: 'boolean',
          default: true,
          describe: 'With --no-launch only register --pid',
        })
        .option('pid', { requiresArg: true, describe: 'The process to register [default: the caller]' })
        .example(
          '$0 start --name backend-auth',
          'Claude in the checkout, or in a tree of its own beside another session',
        )
        .example('$0 start --no-launch --pid $$ --json', 'Register a process that runs already'),
    async (argv) => {
      const { start } = await import('./commands/start.js')
      done(await start(io, { ...argv, pid: pidOf(argv.pid), agentArgs: afterDashes(argv) }))
    },
  )
}

function registerSigns(io: Io, parser: Parser, done: Done): Parser {
  return parser
    .command(
      'heartbeat [session]',
      "Move a session's heartbeat",
      (y) => y.positional('session', { type: 'string', describe: SESSION_HELP }),
      async (argv) => {
        done(await heartbeat(io, argv))
      },
    )
    .command(
      'stop [session]',
      'End a session; its tree goes if nothing would be lost',
      (y) =>
        y
          .positional('session', { type: 'string', describe: SESSION_HELP })
          .option('keep', { type: 'boolean', default: false, describe: 'Keep the tree in any case' }),
      async (argv) => {
        const { stop } = await import('./commands/stop.js')
        done(await stop(io, argv))
      },
    )
}

function registerViews(io: Io, parser: Parser, done: Done): Parser {
  return parser
    .command(
      'status',
      'Show the sessions',
      (y) =>
        y
          .option('all', { type: 'boolean', default: false, describe: 'Of all repositories' })
          .option('sandbox-only', {
            type: 'boolean',
            default: false,
            describe: 'Only those that run in a sandbox',
          })
          .option('watch', {
            type: 'boolean',
            default: false,
            describe: 'Keep showing them until interrupted',
          }),
      async (argv) => {
        done(await status(io, argv))
      },
    )
    .command(
      'list',
      'Show the working trees, their changes and whether they have landed',
      (y) =>
        y
          .option('all', { type: 'boolean', default: false, describe: 'Of all repositories' })
          .option('disk', { type: 'boolean', default: false, describe: 'What each takes on disk as well' }),
      async (argv) => {
        const { list } = await import('./commands/list.js')
        done(await list(io, argv))
      },
    )
}

function registerMessages(io: Io, parser: Parser, done: Done): Parser {
  return parser
    .command(
      'send [words..]',
      'Send a message to other sessions: whom it is for, then the text',
      (y) =>
        y
          .usage('$0 send TO… TEXT')
          // without this the parser keeps the last word alone, as it keeps the last of an option that is repeated
          .parserConfiguration({ ...PARSING, 'duplicate-arguments-array': true })
          .positional('words', {
            type: 'string',
            array: true,
            describe: 'Sessions (id, unique beginning of an id, name) or all, and last the text',
          })
          .option('session', {
            type: 'string',
            requiresArg: true,
            describe: 'Who sends [default: the calling session, or nobody]',
            coerce: lastOf,
          })
          .example('$0 send backend "I need src/api.ts: when are you done with it?"', 'To one session')
          .example('$0 send all "User is called Account from now on"', 'To everybody else in the repository'),
      async (argv) => {
        const { send } = await import('./commands/send.js')
        done(await send(io, { ...argv, words: [...(argv.words ?? []), ...afterDashes(argv)] }))
      },
    )
    .command(
      'inbox',
      'Show the messages that the calling session has not read, and mark them as read',
      (y) =>
        y
          .option('sent', {
            type: 'boolean',
            default: false,
            describe: 'What it sent, and what became of each',
          })
          .option('all', { type: 'boolean', default: false, describe: 'Also those that were read' })
          .option('session', {
            type: 'string',
            requiresArg: true,
            describe: 'Whose messages [default: the calling session]',
          }),
      async (argv) => {
        const { inbox } = await import('./commands/inbox.js')
        done(await inbox(io, argv))
      },
    )
}

function registerCare(io: Io, parser: Parser, done: Done): Parser {
  return parser
    .command(
      'cleanup',
      'End dead sessions and remove the trees that hold nothing which is not elsewhere',
      (y) =>
        y
          .option('dry-run', { type: 'boolean', default: false, describe: 'Only say what would be done' })
          .option('discard', {
            type: 'string',
            requiresArg: true,
            describe:
              'Kinds of loss to accept: uncommitted, untracked, unlanded. It all goes to the trash first',
          })
          .example('$0 cleanup --dry-run', 'One decision per tree, with its reasons'),
      async (argv) => {
        const { cleanup } = await import('./commands/cleanup.js')
        done(await cleanup(io, argv))
      },
    )
    .command(
      'restore [id]',
      'List the removed trees, or bring one back',
      (y) => y.positional('id', { type: 'string', describe: 'The removal, as the list shows it' }),
      async (argv) => {
        const { restore } = await import('./commands/restore.js')
        done(await restore(io, argv))
      },
    )
    .command(
      'config <action> [key] [value]',
      'Read and change settings',
      (y) =>
        y
          .positional('action', { choices: ['get', 'set', 'unset', 'list'] as const, demandOption: true })
          .positional('key', { type: 'string' })
          .positional('value', { type: 'string' })
          .option('origin', {
            type: 'boolean',
            default: false,
            describe: 'With list: where each value comes from',
          })
          .example('$0 config set trash.keepDays 30', 'Keep removed trees for a month'),
      async (argv) => {
        const { config } = await import('./commands/config.js')
        done(await config(io, argv))
      },
    )
}

function registerShell(io: Io, parser: Parser, done: Done): Parser {
  return parser
    .command(
      'mcp-serve',
      'Serve the MCP tools on stdin and stdout, for an agent that starts it',
      (y) => y,
      async (argv) => {
        const { mcpServe } = await import('./commands/mcp-serve.js')
        done(await mcpServe(io, argv))
      },
    )
    .command(
      'completion [shell]',
      'Print the completion script of a shell',
      (y) => y.positional('shell', { choices: ['bash', 'zsh', 'fish'] as const, default: 'bash' as const }),
      async (argv) => {
        const { completion } = await import('./commands/completion.js')
        done(await completion(io, argv))
      },
    )
    .command('complete', false, {}, async (argv) => {
      const { complete } = await import('./commands/completion.js')
      done(await complete(io, afterDashes(argv)))
    })
}

/** Adds all commands. Each loads its code only when it runs. */
export function registerCommands(io: Io, parser: Parser, done: Done): Parser {
  return [
    registerStart,
    registerSigns,
    registerViews,
    registerClaims,
    registerMessages,
    registerCare,
    registerShell,
  ].reduce((all, add) => add(io, all, done), parser)
}
