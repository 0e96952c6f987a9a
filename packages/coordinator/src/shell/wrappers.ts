import type { Word } from './words.js'

/** A command without the programs that only run it. */
export interface Unwrapped {
  program: Word
  args: readonly Word[]
  /** Folders that the wrappers go to first: `env -C DIR`. */
  folders: Word[]
}

/** Options with a value of the programs that run another one; `operands` come before its name. */
const WRAPPERS: Readonly<Record<string, { values: readonly string[]; operands?: number }>> = {
  sudo: {
    values: ['-u', '-g', '-h', '-p', '-C', '-r', '-t', '-T', '-U', '-D', '--user', '--group', '--host'],
  },
  doas: { values: ['-u', '-C'] },
  env: { values: ['-u', '-C', '-S', '--unset', '--chdir'] },
  command: { values: [] },
  builtin: { values: [] },
  exec: { values: ['-a'] },
  nohup: { values: [] },
  time: { values: ['-f', '-o', '--format', '--output'] },
  coproc: { values: [] },
  nice: { values: ['-n', '--adjustment'] },
  ionice: { values: ['-c', '-n', '-p'] },
  setsid: { values: [] },
  stdbuf: { values: ['-i', '-o', '-e'] },
  timeout: { values: ['-s', '-k', '--signal', '--kill-after'], operands: 1 },
  busybox: { values: [] },
}

const ASSIGNMENT = /^[A-Za-z_]\w*\+?=/

/** The last part of a program's path, as `/bin/rm` is `rm`. */
function programName(word: Word): Word {
  return word === null ? null : word.replace(/^.*\//, '')
}

/** Takes `sudo`, `env X=1`, `timeout 5` and their like off a command. */
export function unwrap(argv: readonly Word[]): Unwrapped {
  const folders: Word[] = []
  let rest = argv
  for (;;) {
    const program = programName(rest[0] ?? null)
    const wrapper = program !== null && Object.hasOwn(WRAPPERS, program) ? WRAPPERS[program] : undefined
    if (wrapper === undefined || rest.length < 2) return { program, args: rest.slice(1), folders }
    if (program === 'command' && (rest[1] === '-v' || rest[1] === '-V')) return { program, args: [], folders }
    let index = 1
    for (; index < rest.length; index++) {
      const arg = rest[index] as Word
      if (arg === null) return { program: null, args: [], folders }
      if (arg === '--') {
        index++
        break
      }
      const chdir = /^(?:--chdir=|-C(?=.))/.exec(arg)
      if (program === 'env' && chdir !== null) folders.push(arg.slice(chdir[0].length))
      else if (wrapper.values.includes(arg)) {
        index++
        if (program === 'env' && (arg === '-C' || arg === '--chdir')) folders.push(rest[index] ?? null)
      } else if (!arg.startsWith('-') && !(program !== 'command' && ASSIGNMENT.test(arg))) break
    }
    rest = rest.slice(index + (wrapper.operands ?? 0))
  }
}
