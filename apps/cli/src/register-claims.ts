import type { Argv } from 'yargs'
import type { CommonArgs } from './context.js'
import type { Io } from './io.js'
import { lastOf, PARSING } from './parsing.js'

type Done = (code: number) => void
type Parser = Argv<CommonArgs>

/** Without this the parser keeps the last path alone, as it keeps the last of an option that is repeated. */
const SEVERAL = { ...PARSING, 'duplicate-arguments-array': true }

type ClaimMode = 'advisory' | 'exclusive'

const PATHS_HELP = 'Files, folders or globs (quote them), relative to the current directory'

const session = {
  type: 'string',
  requiresArg: true,
  describe: 'Whose claims [default: the calling session]',
  coerce: lastOf,
} as const

/** Adds the commands about claims. */
export function registerClaims(io: Io, parser: Parser, done: Done): Parser {
  return [registerClaim, registerRelease, registerLooks].reduce((all, add) => add(io, all, done), parser)
}

function registerClaim(io: Io, parser: Parser, done: Done): Parser {
  return parser.command(
    'claim [paths..]',
    'Claim paths for a session, all or none; what it holds already is renewed',
    (y) =>
      y
        .usage('$0 claim PATH… [options]')
        .parserConfiguration(SEVERAL)
        .positional('paths', { type: 'string', array: true, describe: PATHS_HELP })
        .option('mode', {
          choices: ['advisory', 'exclusive'] as const,
          requiresArg: true,
          describe: 'Warn others, or keep them off [default: advisory]',
          coerce: (value: string | string[]) => lastOf(value) as ClaimMode,
        })
        .option('ttl', {
          type: 'string',
          requiresArg: true,
          describe: 'How long it holds: 90s, 30m, 4h, never [default: claims.ttlMinutes]',
          coerce: lastOf,
        })
        .option('reason', {
          type: 'string',
          requiresArg: true,
          describe: 'What others are told',
          coerce: lastOf,
        })
        .option('force', { type: 'boolean', default: false, describe: 'Take what means every file' })
        .option('session', session)
        .example('$0 claim src/api.ts --mode exclusive --reason "moving it"', 'Nobody else may change it')
        .example("$0 claim 'src/**' docs --ttl 4h", 'Others are warned, for four hours'),
    async (argv) => {
      const { claim } = await import('./commands/claim.js')
      done(await claim(io, { ...argv, paths: argv.paths ?? [] }))
    },
  )
}

function registerRelease(io: Io, parser: Parser, done: Done): Parser {
  return parser.command(
    'release [paths..]',
    'Give up claims of a session',
    (y) =>
      y
        .usage('$0 release PATH… | --all')
        .parserConfiguration(SEVERAL)
        .positional('paths', { type: 'string', array: true, describe: 'As they were claimed' })
        .option('all', { type: 'boolean', default: false, describe: 'All that the session holds' })
        .option('session', session),
    async (argv) => {
      const { release } = await import('./commands/release.js')
      done(await release(io, { ...argv, paths: argv.paths ?? [] }))
    },
  )
}

function registerLooks(io: Io, parser: Parser, done: Done): Parser {
  return parser
    .command(
      'claims',
      'Show who claims what',
      (y) => y.option('all', { type: 'boolean', default: false, describe: 'Of all repositories' }),
      async (argv) => {
        const { claims } = await import('./commands/claims.js')
        done(await claims(io, argv))
      },
    )
    .command(
      'check [paths..]',
      'Do other sessions hold these paths? Exit code 3 when they do',
      (y) =>
        y
          .usage('$0 check PATH…')
          .parserConfiguration(SEVERAL)
          .positional('paths', { type: 'string', array: true, describe: PATHS_HELP })
          .option('session', { ...session, describe: 'Who asks [default: the calling session, or nobody]' }),
      async (argv) => {
        const { check } = await import('./commands/check.js')
        done(await check(io, { ...argv, paths: argv.paths ?? [] }))
      },
    )
}
