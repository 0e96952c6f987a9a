import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { builtServer, type Ground, ground } from './program.js'

const inspector = join(
  dirname(fileURLToPath(import.meta.url)),
  '../node_modules/@modelcontextprotocol/inspector-cli',
)

/** Runs the official inspector's command line against the built server. */
async function inspect(it: Ground, args: readonly string[]): Promise<{ code: number; output: string }> {
  const program = join(realpathSync(inspector), 'build/cli.js')
  if (!existsSync(program)) throw new Error(`${program} is not there`)
  // it looks for its own manifest in the folder above the one it is run in
  writeFileSync(join(it.repo.base, 'package.json'), '{}')
  const server = [process.execPath, builtServer()]
  const child = spawn(process.execPath, [program, '--cli', ...server, ...args], {
    cwd: it.repo.root,
    env: it.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const [code] = (await once(child, 'close')) as [number]
  return { code, output }
}

const call = (name: string, ...input: string[]) => [
  '--method',
  'tools/call',
  '--tool-name',
  name,
  ...input.flatMap((pair) => ['--tool-arg', pair]),
]

test('the official inspector lists the tools, calls them and is told of errors', async () => {
  const it = ground()
  const list = await inspect(it, ['--method', 'tools/list'])
  expect(list.code).toBe(0)
  const { tools } = JSON.parse(list.output) as { tools: { name: string }[] }
  expect(tools.map((tool) => tool.name)).toContain('claim_files')

  const status = await inspect(it, call('get_parallel_status'))
  expect(JSON.parse(status.output)).toMatchObject({ structuredContent: { totalSessions: 0, sessions: [] } })

  const none = await inspect(it, call('get_my_session'))
  expect(none.output).toContain('COORDINATOR_NO_SESSION')

  const wrong = await inspect(it, call('claim_files', 'files=["src/a.ts"]', 'mode=shared'))
  expect(wrong.output).toContain('advisory')

  const level = await inspect(it, ['--method', 'logging/setLevel', '--log-level', 'error'])
  expect(level.code).toBe(0)
})
