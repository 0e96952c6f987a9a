import yargs, { type Argv } from 'yargs'
import { EXIT, UsageError } from './exit-codes.js'
import type { Io } from './io.js'
import { lastOf, PARSING } from './parsing.js'
import { registerCommands } from './register.js'
import { report } from './report.js'

export type Program = 'parallel-cc' | 'claude-parallel'

export interface Invocation {
  program: Program
  version: string
  args: readonly string[]
}

const EPILOGUE =
  'Exit codes: 0 done, 2 usage, 3 an expected no, 4 a precondition, 5 not found, 6 the environment, 124 timed out, 128+n signal.'

function build(io: Io, invocation: Invocation, done: (code: number) => void): Argv {
  const parser = yargs()
    .scriptName('parallel-cc')
    .usage(
      '$0 COMMAND\n\nSeveral coding agents in one git repository: each in its own worktree, nothing lost.',
    )
    .option('json', {
      type: 'boolean',
      default: false,
      describe: 'One JSON document on stdout',
      global: true,
    })
    .option('repo', {
      type: 'string',
      describe: 'The repository [default: the current directory]',
      global: true,
      coerce: lastOf,
    })
    .parserConfiguration(PARSING)
    .version(invocation.version)
    .help()
    .strict()
    .demandCommand(1, 'a command is needed')
    .recommendCommands()
    .exitProcess(false)
    .wrap(Math.min(100, io.columns ?? 100))
    .epilogue(EPILOGUE)
    .fail((message: string | null, error: Error | undefined) => {
      // what the parser refuses is wrong usage; what a command threw is that command's
      if (error !== undefined && error.name !== 'YError') throw error
      const text = (message ?? error?.message ?? 'wrong usage').replace(/\s*\n\s*/g, ' ').trim()
      throw new UsageError(text, 'parallel-cc COMMAND --help shows what it takes.')
    })
  return registerCommands(io, parser, done)
}

async function dispatch(io: Io, invocation: Invocation): Promise<number> {
  if (invocation.program === 'claude-parallel') {
    const { claudeParallel } = await import('./claude-parallel.js')
    return claudeParallel(io, invocation.args)
  }
  let code: number = EXIT.done
  const parser = build(io, invocation, (result) => {
    code = result
  })
  // yargs hands help, version and completion text to the callback instead of printing it
  await parser.parseAsync([...invocation.args], {}, (_error, _argv, output) => {
    if (output !== '') io.stdout.write(`${output}\n`)
  })
  return code
}

/** Runs one command and returns its exit code. Every failure is told on stderr: what, then what to do next. */
export async function main(io: Io, invocation: Invocation): Promise<number> {
  try {
    return await dispatch(io, invocation)
  } catch (error) {
    return report(io, error)
  }
}
