import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { tempDir } from '../temp.js'

const execute = promisify(execFile)

const CONFIG = `set -g remain-on-exit on
set -g default-terminal tmux-256color
set -g history-limit 20000
set -g status off
set -s escape-time 0
`

export interface TerminalOptions {
  command: string
  args?: readonly string[]
  /** The program's whole environment; tmux adds TERM and TMUX. */
  env: Record<string, string>
  cwd: string
  /** @default 120 */
  cols?: number
  /** @default 40 */
  rows?: number
}

/** A program in a real terminal. */
export interface Terminal {
  /** Process id of the program. */
  pid(): Promise<number>
  /** Types the text as it is. */
  type(text: string): Promise<void>
  /** Presses a key by tmux's name for it: `Enter`, `Escape`, `C-c`, `Up`, … */
  press(key: string): Promise<void>
  /** What the screen shows, without colours. */
  screen(): Promise<string>
  /** Waits until the screen fits and returns it. @throws with the last screen when the limit passes. */
  waitFor(pattern: RegExp, limitMs?: number): Promise<string>
  /** Waits until the program has ended: its exit code, or the number of the signal that ended it. */
  waitForExit(limitMs?: number): Promise<{ code: number | undefined; signal: number | undefined }>
  /** Ends the program and its terminal. Done by itself when the running test ends. */
  close(): Promise<void>
}

/** tmux commands against a server of our own, known by its socket. */
function tmuxAt(socket: string, config: string, env: Record<string, string>) {
  return async (...args: string[]): Promise<string> => {
    try {
      const { stdout } = await execute('tmux', ['-S', socket, '-f', config, ...args], {
        env,
        timeout: 10_000,
      })
      return stdout
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
        throw new Error('tests in a terminal need tmux; install it, on Debian with: apt-get install tmux', {
          cause,
        })
      }
      throw cause
    }
  }
}

function numberOrUndefined(text: string | undefined): number | undefined {
  return text === undefined || text === '' ? undefined : Number(text)
}

/**
 * Starts a program in a real terminal, through a tmux server that nobody else uses.
 * @throws an error that says how to install tmux, when it is missing
 */
export async function openTerminal(options: TerminalOptions): Promise<Terminal> {
  const { command, args = [], env, cwd, cols = 120, rows = 40 } = options
  const folder = tempDir('pcc-tmux')
  const config = join(folder, 'tmux.conf')
  writeFileSync(config, CONFIG)
  const tmux = tmuxAt(join(folder, 's'), config, { LC_ALL: 'C.UTF-8', ...env })
  const close = async (): Promise<void> => {
    await tmux('kill-server').catch(() => undefined)
  }
  onTestFinished(close)
  const size = ['-x', String(cols), '-y', String(rows)]
  // With a single word tmux would start a shell; `env` makes it at least two and then becomes the program.
  await tmux('new-session', '-d', ...size, '-c', cwd, 'env', command, ...args)
  const screen = (): Promise<string> => tmux('capture-pane', '-p')
  const ask = async (format: string): Promise<string> =>
    (await tmux('display-message', '-p', format)).trimEnd()
  const poll = async <T>(limitMs: number, look: () => Promise<T | undefined>): Promise<T> => {
    for (let waited = 0; waited < limitMs; waited += 50) {
      const seen = await look()
      if (seen !== undefined) return seen
      await wait(50)
    }
    throw new Error(`not seen within ${limitMs} ms; the screen shows:\n${await screen()}`)
  }
  return {
    close,
    screen,
    pid: async () => Number(await ask('#{pane_pid}')),
    type: async (text) => void (await tmux('send-keys', '-l', '--', text)),
    press: async (key) => void (await tmux('send-keys', '--', key)),
    waitFor: (pattern, limitMs = 30_000) =>
      poll(limitMs, async () => {
        const seen = await screen()
        return pattern.test(seen) ? seen : undefined
      }),
    waitForExit: (limitMs = 30_000) =>
      poll(limitMs, async () => {
        const format = '#{pane_dead},#{pane_dead_status},#{pane_dead_signal},#{pid}'
        const [dead, code, signal, server] = (await ask(format)).split(',')
        if (dead !== '1') return undefined
        const ended = { code: numberOrUndefined(code), signal: numberOrUndefined(signal) }
        if (ended.code !== undefined || ended.signal !== undefined) return ended
        // tmux 3.3a can miss the end of a program that closes its terminal first, and leave it a zombie until the next SIGCHLD.
        process.kill(Number(server), 'SIGCHLD')
        return undefined
      }),
  }
}
