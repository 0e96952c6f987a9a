import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '@pcc/test-kit'
import { expect, onTestFinished, test } from 'vitest'
import { builtServer, ground } from './program.js'

/** What a careless dependency would do, at the start and later. */
const CHATTER = `
const say = () => { console.log('stray line'); console.info('stray'); process.stdout.write('stray write\\n'); console.table([{ a: 1 }]) }
setImmediate(say)
setInterval(say, 20).unref()
`

function rpc(id: number, method: string, params: object = {}): string {
  return `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`
}

const HELLO = rpc(0, 'initialize', {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
})

function start(env: Record<string, string> = {}) {
  const it = ground()
  const child = spawn(process.execPath, [builtServer()], {
    cwd: it.repo.root,
    env: { ...it.env, ...env },
    stdio: 'pipe',
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const seen = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    seen.stderr += text
  })
  const answers = () =>
    seen.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { id?: number; result?: unknown; error?: { code: number } })
  return { it, child, seen, answers }
}

test('nothing but the protocol is on stdout, whatever a dependency prints', async () => {
  const chatter = join(ground().repo.base, 'chatter.cjs')
  writeFileSync(chatter, CHATTER)
  const { child, seen, answers } = start({ NODE_OPTIONS: `--require "${chatter}"` })
  child.stdin.write(HELLO)
  child.stdin.write(rpc(1, 'tools/list'))
  child.stdin.write(rpc(2, 'tools/call', { name: 'get_parallel_status', arguments: {} }))
  await eventually('all is answered', () => answers().length === 3)
  await eventually('the chatter is on stderr', () => seen.stderr.includes('stray line'))
  child.stdin.end()
  const [code] = (await once(child, 'exit')) as [number | null]
  expect(code).toBe(0)
  expect(answers().map((answer) => answer.id)).toEqual([0, 1, 2])
  expect(seen.stderr).toContain('stray write')
})

test('lines that are no messages are passed over', async () => {
  const { it, child, answers } = start()
  child.stdin.write(
    `${HELLO}no json\n{"jsonrpc":"2.0"}\n[]\n\n"x"\n${rpc(7, 'no/method')}${rpc(8, 'tools/list')}`,
  )
  await eventually('the last one is answered', () => answers().some((answer) => answer.id === 8))
  expect(answers().find((answer) => answer.id === 7)?.error?.code).toBe(-32_601)
  expect(it.logged().every((entry) => entry.event === 'protocol')).toBe(true)
})

test('what was asked before the client hung up is answered', async () => {
  const { child, answers } = start()
  const calls = Array.from({ length: 20 }, (_, index) =>
    rpc(index + 1, 'tools/call', { name: 'get_parallel_status', arguments: {} }),
  )
  child.stdin.end(HELLO + calls.join(''))
  await once(child, 'close')
  expect(answers()).toHaveLength(21)
  expect(answers().every((answer) => answer.error === undefined)).toBe(true)
})

test('a client that goes away while it is answered ends the server quietly', async () => {
  const { child, seen } = start()
  child.stdout.destroy()
  child.stdin.write(HELLO + rpc(1, 'tools/list'))
  const [code] = (await once(child, 'exit')) as [number | null]
  expect(code).toBe(0)
  expect(seen.stderr).toBe('')
})
