import { realpathSync } from 'node:fs'
import { parse } from 'shell-quote'
import which from 'which'
import { AgentMissingError, UsageError } from './exit-codes.js'

/** Splits a command line into words as a shell would. Variables stay as they are; what only a shell can do is refused. */
export function splitWords(command: string): string[] {
  const words = parse(command, (name: string) => `$${name}`).map((part) => {
    if (typeof part === 'string') return part
    if ('pattern' in part) return part.pattern
    const what = 'op' in part ? `'${part.op}'` : 'a comment'
    throw new UsageError(
      `the agent '${command}' has ${what} in it, which only a shell understands`,
      'Give a program and its arguments; for more, write a script and name that.',
    )
  })
  if (words.length === 0)
    throw new UsageError('the agent is empty', 'Give a program with --agent, such as claude.')
  return words
}

export interface Agent {
  /** Absolute path of the program. */
  command: string
  args: string[]
}

/**
 * Finds the program that is to be launched.
 *
 * @throws AgentMissingError when it is not on the search path, or is this program itself.
 */
export async function findAgent(commandLine: string, path: string | undefined): Promise<Agent> {
  const [program = '', ...args] = splitWords(commandLine)
  const found = await which(program, { nothrow: true, ...(path === undefined ? {} : { path }) })
  if (found === null) {
    throw new AgentMissingError(
      `the agent '${program}' is not on the search path`,
      'Install it, or name another with --agent or parallel-cc config set agent.',
    )
  }
  const self = process.argv[1]
  if (self !== undefined && realpathSync(found) === realpathSync(self)) {
    throw new AgentMissingError(
      `the agent '${program}' is parallel-cc itself (${found})`,
      'Name the real agent with --agent or parallel-cc config set agent.',
    )
  }
  return { command: found, args }
}
