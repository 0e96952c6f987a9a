import { fail, gate, type ScriptedApi, say, startScriptedApi, use } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'

interface Asking {
  headers?: Record<string, string>
  messages?: unknown[]
  path?: string
}

function ask(
  api: ScriptedApi,
  prompt: string,
  { headers = {}, messages, path }: Asking = {},
): Promise<Response> {
  return fetch(`${api.url}${path ?? '/v1/messages?beta=true'}`, {
    method: 'POST',
    headers,
    body: JSON.stringify({
      model: 'some-model',
      stream: true,
      messages: messages ?? [{ role: 'user', content: prompt }],
    }),
  })
}

type StreamEvent = { type: string; delta?: Record<string, unknown>; [field: string]: unknown }

async function eventsOf(response: Response): Promise<StreamEvent[]> {
  const text = await response.text()
  return [...text.matchAll(/^data: (.*)$/gm)].map((match) => JSON.parse(match[1]!) as StreamEvent)
}

async function textOf(response: Response): Promise<string> {
  return (await eventsOf(response)).map((event) => event.delta?.text ?? '').join('')
}

describe('an answer', () => {
  it('is a stream that opens and closes every block and ends with the reason and the usage', async () => {
    const api = await startScriptedApi()
    api.script('a', [use('Edit', { file_path: '/x' }, { text: 'now', usage: { input: 7, output: 9 } })])

    const response = await ask(api, '[[a]]')
    const events = await eventsOf(response)

    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(events.map(({ type }) => type)).toEqual([
      'message_start',
      'content_block_start',
      ...Array(3).fill('content_block_delta'),
      'content_block_stop',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
    expect(events[0]).toMatchObject({ message: { model: 'some-model', usage: { input_tokens: 7 } } })
    expect(events[6]).toMatchObject({ index: 1, content_block: { type: 'tool_use', name: 'Edit' } })
    expect(events[7]?.delta).toEqual({ type: 'input_json_delta', partial_json: '{"file_path":"/x"}' })
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } })
  })

  it('can be made from what the client sent', async () => {
    const api = await startScriptedApi()
    api.script('a', [(texts) => say(`you said: ${texts.join()}`)])

    expect(await textOf(await ask(api, '[[a]] seven'))).toBe('you said: [[a]] seven')
  })

  it('waits at its gate, and the test sees that it was asked for', async () => {
    const api = await startScriptedApi()
    const hold = gate()
    api.script('a', [say('late', { gate: hold })])
    api.script('b', [say('first'), say('second')])

    const answered: string[] = []
    const late = ask(api, '[[a]]').then(async (response) => answered.push(await textOf(response)))
    await hold.reached
    answered.push(await textOf(await ask(api, '[[b]]')))
    answered.push(await textOf(await ask(api, '[[b]]')))
    hold.open()
    await late

    expect(answered).toEqual(['first', 'second', 'late'])
  })

  it('is an error of the API where the script says so, once or for ever', async () => {
    const api = await startScriptedApi()
    api.script('a', [fail(529), fail(400, { message: 'no', forever: true }), say('unreachable')])

    const answers = [await ask(api, '[[a]]'), await ask(api, '[[a]]'), await ask(api, '[[a]]')]

    expect(answers.map(({ status }) => status)).toEqual([529, 400, 400])
    expect(await answers[2]?.json()).toEqual({
      type: 'error',
      error: { type: 'invalid_request_error', message: 'no' },
    })
    expect(api.turnsLeft('a')).toBe(2)
  })
})

describe('the script of a request', () => {
  it('is the one of the last tag that the user wrote, not of a tag in a reminder or a tool result', async () => {
    const api = await startScriptedApi()
    api.script('new', [say('right')])
    const messages = [
      { role: 'user', content: '[[old]] go' },
      { role: 'assistant', content: [{ type: 'text', text: '[[model]]' }] },
      { role: 'user', content: [{ type: 'text', text: '[[new]] go' }] },
      { role: 'user', content: [{ type: 'tool_result', content: [{ type: 'text', text: '[[file]]' }] }] },
      { role: 'user', content: [{ type: 'text', text: '<system-reminder>[[reminder]]</system-reminder>' }] },
      { role: 'system', content: '[[hook]]' },
    ]

    expect(await textOf(await ask(api, '', { messages }))).toBe('right')
    expect(api.textsSentToModel('new')).toEqual([
      '[[old]] go',
      '[[new]] go',
      '[[file]]',
      '<system-reminder>[[reminder]]</system-reminder>',
      '[[hook]]',
    ])
  })

  it('is a separate one for a subagent', async () => {
    const api = await startScriptedApi()
    api.script('a', [say('main')])
    api.scriptAgent('a', [say('sub')])
    const headers = { 'x-claude-code-agent-id': 'agent-1', 'x-claude-code-session-id': 'session-1' }

    expect(await textOf(await ask(api, '[[a]]', { headers }))).toBe('sub')
    expect(await textOf(await ask(api, '[[a]]'))).toBe('main')
    expect(api.requestsOf('a').map(({ agentId, sessionId }) => [agentId, sessionId])).toEqual([
      ['agent-1', 'session-1'],
      [undefined, undefined],
    ])
  })

  it('may be missing or used up: the turn ends plainly and the request is kept', async () => {
    const api = await startScriptedApi()
    api.script('a', [say('only one')])
    await ask(api, '[[a]]')

    const surplus = await eventsOf(await ask(api, '[[a]]'))
    await ask(api, 'no tag')

    expect(surplus.at(-2)).toMatchObject({ delta: { stop_reason: 'end_turn' } })
    expect(api.unexpected().map(({ tag }) => tag)).toEqual(['a', undefined])
  })
})

it('counts tokens, answers the greeting and refuses what it does not know, without touching a script', async () => {
  const api = await startScriptedApi()
  api.script('a', [say('kept')])

  const count = await ask(api, '[[a]] 12345678', { path: '/v1/messages/count_tokens' })
  const hello = await fetch(`${api.url}/api/hello`, { method: 'HEAD' })
  const unknown = await fetch(`${api.url}/v1/models`)

  expect(await count.json()).toEqual({ input_tokens: 4 })
  expect([hello.status, unknown.status]).toEqual([200, 404])
  expect(api.turnsLeft('a')).toBe(1)
  expect(api.requestsOf('a')).toEqual([])
  expect(api.requests).toHaveLength(3)
})
