import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCoordinator } from '@pcc/coordinator'
import { setProcessEnv, sleeper, type TempRepo, tempRepo } from '@pcc/test-kit'
import { expect, test } from 'vitest'
import type { HookIo } from '../src/hook-io.js'
import { main } from '../src/main.js'

interface Client {
  tree: string
  sessionId: string
  /** What the client gets for a hook, and what was logged by it. */
  hook(event: string, payload: unknown): Promise<{ reply: unknown; logged: string[] }>
}

interface World {
  repo: TempRepo
  home: string
  a: Client
  b: Client
}

/** A in the main checkout with `src/a.ts` to itself, B in a linked tree. */
async function world(): Promise<World> {
  const repo = tempRepo({ files: { 'src/a.ts': 'a\n', 'src/b.ts': 'b\n' } })
  const home = join(repo.home, '.parallel-cc')
  const env = { ...repo.env, PARALLEL_CC_HOME: home }
  setProcessEnv(env)
  const coordinator = await openCoordinator({ env })
  const client = async (name: string): Promise<Client & { pid: number }> => {
    const { pid } = await sleeper()
    const started = await coordinator.startSession({ directory: repo.root, ownerPid: process.pid, pid, name })
    const log = join(home, 'logs/hooks.log')
    return {
      pid,
      tree: started.worktreePath,
      sessionId: started.sessionId,
      async hook(event, payload) {
        rmSync(log, { force: true })
        const replies: string[] = []
        const io: HookIo = {
          env: { ...env, CLAUDE_PID: String(pid) },
          cwd: started.worktreePath,
          parentPid: 1,
          input: typeof payload === 'string' ? payload : JSON.stringify(payload),
          reply: (text) => replies.push(text),
          refuse: () => undefined,
          nativeBinding: undefined,
          continueDetached: async () => undefined,
        }
        expect(await main(io, [event])).toBe(0)
        const text = replies.join('')
        let logged: string[] = []
        try {
          logged = readFileSync(log, 'utf8').trim().split('\n')
        } catch {
          // nothing went wrong
        }
        return { reply: text === '' ? null : JSON.parse(text), logged }
      },
    }
  }
  const a = await client('ann')
  const b = await client('bob')
  const claimed = await coordinator.claimPaths({
    session: a.sessionId,
    directory: a.tree,
    pid: a.pid,
    paths: ['src/a.ts'],
    mode: 'exclusive',
  })
  expect(claimed.outcome).toBe('granted')
  await coordinator.close()
  return { repo, home, a, b }
}

function edit(tree: string, path: string): object {
  return {
    session_id: 's',
    cwd: tree,
    tool_name: 'Edit',
    tool_input: { file_path: join(tree, path) },
    more: [{}],
  }
}

function bash(tree: string, command: string, more: object = {}): object {
  return { session_id: 's', cwd: tree, tool_name: 'Bash', tool_input: { command }, ...more }
}

const DENIED = {
  hookSpecificOutput: {
    hookEventName: 'PreToolUse',
    permissionDecision: 'deny',
    permissionDecisionReason: expect.stringContaining('ann'),
  },
}

test('an edit of what another session holds is denied in the client’s own form, others get no answer', async () => {
  const { b } = await world()
  expect(await b.hook('PreToolUse', edit(b.tree, 'src/a.ts'))).toEqual({ reply: DENIED, logged: [] })
  expect(await b.hook('PreToolUse', bash(b.tree, 'sed -i s/a/b/ src/a.ts'))).toEqual({
    reply: DENIED,
    logged: [],
  })
  expect(await b.hook('PreToolUse', edit(b.tree, 'src/b.ts'))).toEqual({ reply: null, logged: [] })
  expect(await b.hook('PreToolUse', bash(b.tree, 'cat src/a.ts'))).toEqual({ reply: null, logged: [] })
})

test('what a command changed is compared afterwards, and both sides read of it', async () => {
  const { a, b } = await world()
  const changedFiles = [join(b.tree, 'src/a.ts')]
  const response = { tool_response: { bashEditDiff: { changedFiles } } }
  expect(await b.hook('PostToolUse', bash(b.tree, 'node x.js', response))).toEqual({
    reply: null,
    logged: [],
  })
  for (const [client, other] of [
    [a, 'bob'],
    [b, 'ann'],
  ] as const) {
    const { reply } = await client.hook('UserPromptSubmit', { cwd: client.tree })
    expect(JSON.stringify(reply)).toContain(other)
    expect(JSON.stringify(reply)).toContain('src/a.ts')
  }
})

test.each([
  ['no JSON', '{"tool_name":"Edit"'],
  ['no object', '[]'],
  ['nothing', ''],
  ['no fields', {}],
  ['fields of other kinds', { cwd: 7, tool_name: {}, tool_input: 'x', agent_id: [] }],
  ['an input that is a list', { tool_name: 'Edit', tool_input: ['src/a.ts'] }],
  [
    'a folder that is not there',
    { cwd: '/no/such/folder', tool_name: 'Edit', tool_input: { file_path: 'x' } },
  ],
  ['5 MB', { tool_name: 'Write', tool_input: { file_path: '/tmp/x', content: 'x'.repeat(5_000_000) } }],
  [
    '5 MB of command',
    { tool_name: 'Bash', tool_input: { command: `rm src/a.ts; ${'x '.repeat(2_500_000)}` } },
  ],
])('a payload with %s lets the call go on', async (_name, payload) => {
  const { b } = await world()
  for (const event of ['PreToolUse', 'PostToolUse']) {
    expect(await b.hook(event, payload)).toEqual({ reply: null, logged: [] })
  }
})

test.each<[string, (home: string) => void]>([
  ['corrupt', (home) => writeFileSync(join(home, 'coordinator.db'), 'no database '.repeat(1000))],
  [
    'no file but a folder',
    (home) => {
      rmSync(join(home, 'coordinator.db'))
      mkdirSync(join(home, 'coordinator.db'))
    },
  ],
])('a database that is %s lets the edit go on and leaves one line in the log', async (_name, break_) => {
  const { b, home } = await world()
  for (const file of ['coordinator.db-wal', 'coordinator.db-shm']) rmSync(join(home, file), { force: true })
  break_(home)
  const { reply, logged } = await b.hook('PreToolUse', edit(b.tree, 'src/a.ts'))
  expect(reply).toBeNull()
  expect(logged).toHaveLength(1)
  expect(JSON.parse(logged[0] as string)).toMatchObject({
    event: 'PreToolUse',
    code: expect.stringMatching(/^STORE_/),
  })
})

test('a state folder that is gone is no trouble', async () => {
  const { b, home } = await world()
  rmSync(home, { recursive: true })
  expect((await b.hook('PreToolUse', edit(b.tree, 'src/a.ts'))).reply).toBeNull()
})
