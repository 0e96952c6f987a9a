import { ErrorCode, ResultSchema } from '@modelcontextprotocol/sdk/types.js'
import { eventually, sleeper } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { INSTRUCTIONS } from '../src/instructions.js'
import { ground, serveHere } from './program.js'

const files = {
  type: 'array',
  minItems: 1,
  maxItems: 1000,
  items: { type: 'string', minLength: 1 },
}
const nothing = { type: 'object', properties: {}, additionalProperties: false }
const mode = { type: 'string', enum: ['advisory', 'exclusive'] }

/** What each tool takes, descriptions left out. */
const INPUTS: Record<string, object> = {
  get_parallel_status: { ...nothing, properties: { repo_path: { type: 'string', minLength: 1 } } },
  get_my_session: nothing,
  claim_files: {
    ...nothing,
    properties: {
      files,
      mode,
      ttl_minutes: { type: 'number', exclusiveMinimum: 0, maximum: 10_080 },
      reason: { type: 'string', maxLength: 500 },
    },
    required: ['files', 'mode'],
  },
  check_conflicts: { ...nothing, properties: { files }, required: ['files'] },
  release_files: { ...nothing, properties: { files }, required: ['files'] },
  list_claims: nothing,
  send_message: {
    ...nothing,
    properties: {
      to: { type: 'string', minLength: 1 },
      message: { type: 'string', minLength: 1, maxLength: 20_000 },
    },
    required: ['to', 'message'],
  },
  read_messages: nothing,
}

/** The fields of each answer that are always there. */
const OUTPUTS: Record<string, string[]> = {
  get_parallel_status: ['repoPath', 'sessions', 'totalSessions'],
  get_my_session: [
    'sessionId',
    'name',
    'pid',
    'worktreePath',
    'worktreeName',
    'branch',
    'isMainRepo',
    'startedAt',
    'parallelSessions',
    'claims',
    'unreadMessages',
  ],
  claim_files: ['outcome', 'granted', 'held'],
  check_conflicts: ['conflicts'],
  release_files: ['released'],
  list_claims: ['claims'],
  send_message: ['id', 'recipients'],
  read_messages: ['messages'],
}

const LOOKS = ['get_parallel_status', 'get_my_session', 'check_conflicts', 'list_claims']
const FROM_THE_START = ['get_parallel_status', 'claim_files', 'send_message']

function withoutDescriptions(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema, (key, value) => (key === 'description' ? undefined : value)))
}

describe('the list of tools', () => {
  test('is the contract', async () => {
    const { client } = await serveHere(ground(), (await sleeper()).pid)
    const { tools } = await client.listTools()
    expect(tools.map((tool) => tool.name)).toEqual(Object.keys(INPUTS))
    for (const tool of tools) {
      expect([tool.name, withoutDescriptions(tool.inputSchema)]).toEqual([tool.name, INPUTS[tool.name]])
      expect([tool.name, tool.outputSchema?.required]).toEqual([tool.name, OUTPUTS[tool.name]])
      expect(tool.outputSchema?.['additionalProperties']).toBeUndefined()
    }
  })

  test('says of each what it does and when it is of no use, and names nothing that is not there', async () => {
    const { client } = await serveHere(ground(), (await sleeper()).pid)
    const { tools } = await client.listTools()
    const names = new Set(tools.map((tool) => tool.name))
    for (const { name, description = '', annotations, _meta } of tools) {
      expect(description, name).toMatch(/\bUse it (to|at|before|when|as)\b/)
      expect(description, name).toMatch(/\bNot (needed|for|to)\b|\bDo not\b|Only your own/)
      expect(description.length, name).toBeLessThan(1000)
      expect(annotations).toMatchObject({
        readOnlyHint: LOOKS.includes(name),
        destructiveHint: false,
        openWorldHint: false,
      })
      expect(_meta?.['anthropic/alwaysLoad'] === true, name).toBe(FROM_THE_START.includes(name))
      const named = [...`${description}${INSTRUCTIONS}`.matchAll(/\b[a-z]+_[a-z_]+\b/g)].map(([word]) => word)
      expect(named.filter((word) => !names.has(word as string))).toEqual([])
    }
  })
})

test('the instructions are not cut by the client', () => {
  expect(INSTRUCTIONS.length).toBeLessThan(4096)
})

test('a client that asks for a newer protocol first is told that there is none, and goes on', async () => {
  const { client } = await serveHere(ground(), (await sleeper()).pid)
  const probe = client.request({ method: 'server/discover', params: {} }, ResultSchema)
  await expect(probe).rejects.toMatchObject({ code: ErrorCode.MethodNotFound })
  expect((await client.listTools()).tools).toHaveLength(8)
})

test('a tool that there is not is an error of the protocol', async () => {
  const { client } = await serveHere(ground(), (await sleeper()).pid)
  for (const name of ['nope', 'toString', '']) {
    await expect(client.callTool({ name, arguments: {} })).rejects.toMatchObject({
      code: ErrorCode.InvalidParams,
    })
  }
})

test('wrong arguments are told to the model, each with its place', async () => {
  const { refused } = await serveHere(ground(), (await sleeper()).pid)
  const told = await refused('claim_files', { files: [7], mode: 'shared', ttl: 3 })
  expect(told).toMatch(/claim_files/)
  expect(told).toMatch(/files\[0\]/)
  expect(told).toMatch(/advisory.*exclusive/)
  expect(told).toMatch(/"ttl"/)
})

describe('the tool of the hooks', () => {
  test.each([
    ['no event', {}],
    ['an event that there is not', { event: 'Nothing' }],
    ['an event called like an inherited property', { event: 'constructor' }],
    ['wrong types', { event: 7, cwd: [], agent_id: {}, tool_input: 'x' }],
    ['nothing but an event', { event: 'PreToolUse' }],
    ['fields that are left empty', { event: 'PreToolUse', cwd: '', tool_name: '', tool_input: {} }],
    ['fields of the future', { event: 'Stop', future: { a: [1] } }],
    [
      'five megabytes',
      { event: 'PreToolUse', tool_name: 'Bash', tool_input: { command: 'x'.repeat(5_000_000) } },
    ],
  ])('has no opinion on %s', async (_name, fields) => {
    const { call } = await serveHere(ground(), (await sleeper()).pid)
    expect(await call('hook', fields)).toMatchObject({ content: [{ type: 'text', text: '{}' }] })
  })
})

test('a session shows that it is there without being asked', async () => {
  const it = ground()
  const agent = await sleeper()
  const { client } = await serveHere(it, agent.pid, { beatEveryMs: 50 })
  const other = await serveHere(it, (await sleeper()).pid, { name: 'looker' })
  await eventually('the session is listed', async () => {
    const { sessions } = await other.ask<{ sessions: { pid: number }[] }>('get_parallel_status')
    return sessions.some((session) => session.pid === agent.pid)
  })
  expect(client.getServerVersion()).toMatchObject({ name: 'parallel-cc' })
})
