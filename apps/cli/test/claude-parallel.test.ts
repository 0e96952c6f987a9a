import { expect, test } from 'vitest'
import { nameAmong, startsNoSession } from '../src/claude-parallel.js'
import { shell } from './run.js'

test.each([
  [['mcp', 'list'], true],
  [['update'], true],
  [['--version'], true],
  [['-p', '--help'], true],
  [['--cloud=x'], true],
  [['--bg', 'fix it'], true],
  [[], false],
  [['-p', 'mcp'], false],
  [['fix', 'mcp'], false],
  [['-p', '--', '--version'], false],
])('%j starts no session: %s', (args, expected) => {
  expect(startsNoSession(args)).toBe(expected)
})

test.each([
  [['-n', 'one'], 'one'],
  [['-p', '--name', 'two', 'go'], 'two'],
  [['--name=three'], 'three'],
  [['-p', 'go'], undefined],
  [['--', '--name', 'x'], undefined],
])('the name among %j is %s', (args, expected) => {
  expect(nameAmong(args)).toBe(expected)
})

test('runs the agent outside a repository and inside one, and passes its exit code on', async () => {
  const it = shell()
  await it.run(['config', 'set', 'agent', `node -e 'process.exit(11)'`])
  expect((await it.run([], { program: 'claude-parallel' })).code).toBe(11)
  expect((await it.run([], { program: 'claude-parallel', cwd: it.repo.base })).code).toBe(11)
  expect((await it.run(['status', '--json'])).json().totalSessions).toBe(0)
})

test('start launches beside another session in a tree that goes again', async () => {
  const it = shell()
  await it.run(['start', '--no-launch', '--pid', String(process.pid)])
  const ran = await it.run(['start', '--name', 'work', '--agent', "node -e 'process.exit(5)'"])
  expect(ran.code).toBe(5)
  expect(ran.stderr).toMatch(/session work in a tree of its own/)
  expect(it.repo.git('worktree', 'list').split('\n')).toHaveLength(1)
})

test('start tells what it keeps: the tree in which the agent left something', async () => {
  const it = shell()
  await it.run(['start', '--no-launch', '--pid', String(process.pid)])
  const ran = await it.run(['start', '--name', 'work', '--agent', 'touch new.txt'])
  expect(ran.code).toBe(0)
  expect(ran.stderr).toMatch(/kept .*work/)
  expect(ran.stderr).toMatch(/return to it with: parallel-cc start --isolation never --repo /)
})
