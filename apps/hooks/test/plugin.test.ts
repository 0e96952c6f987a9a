import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { EVENT_NAMES } from '../src/main.js'

const app = join(dirname(fileURLToPath(import.meta.url)), '..')
const read = (path: string): string => readFileSync(join(app, 'plugin', path), 'utf8')

interface Handler {
  type: string
  server?: string
  tool?: string
  command?: string
  args?: string[]
  input?: Record<string, unknown>
  timeout?: number
}

const { hooks } = JSON.parse(read('hooks/hooks.json')) as {
  hooks: Record<string, { matcher?: string; hooks: Handler[] }[]>
}
const entries = Object.entries(hooks).flatMap(([event, list]) =>
  list.flatMap((entry) => entry.hooks.map((handler) => ({ event, matcher: entry.matcher, handler }))),
)
const { name } = JSON.parse(read('.claude-plugin/plugin.json')) as { name: string }
const { mcpServers } = JSON.parse(read('.mcp.json')) as {
  mcpServers: Record<string, { command: string; args: string[] }>
}

/** Does a matcher fire for a tool? A list of names, or an unanchored expression. */
function fires(matcher: string | undefined, tool: string): boolean {
  if (matcher === undefined) return true
  return /^[\w|, -]+$/.test(matcher) ? matcher.split('|').includes(tool) : new RegExp(matcher).test(tool)
}

const called = (event: string, tool: string) =>
  entries.filter((entry) => entry.event === event && fires(entry.matcher, tool))

describe('the plugin', () => {
  test('answers events that there are, by its own server or its own program and by nothing else', () => {
    const [server] = Object.keys(mcpServers)
    for (const { event, handler } of entries) {
      expect(EVENT_NAMES).toContain(event)
      if (handler.type === 'mcp_tool') {
        expect(handler).toMatchObject({ server: `plugin:${name}:${server}`, tool: 'hook' })
        expect(handler.input).toMatchObject({ event, cwd: '${cwd}', agent_id: '${agent_id}' })
      } else {
        expect(handler).toMatchObject({
          type: 'command',
          command: 'node',
          args: ['${CLAUDE_PLUGIN_ROOT}/hook/bin.cjs', event],
        })
      }
    }
    expect(mcpServers).toEqual({
      'parallel-cc': { command: 'node', args: ['${CLAUDE_PLUGIN_ROOT}/server/bin.cjs'] },
    })
  })

  test('starts no process for a tool call, and asks once for each but Bash, which is looked at after it as well', () => {
    for (const tool of ['Edit', 'Write', 'NotebookEdit', 'Bash', 'Read', 'Agent', 'WebFetch']) {
      const all = [
        ...called('PreToolUse', tool),
        ...called('PostToolUse', tool),
        ...called('PostToolBatch', tool),
      ]
      expect(all.map(({ handler }) => handler.type)).toEqual(all.map(() => 'mcp_tool'))
      expect([tool, all.length]).toEqual([tool, tool === 'Bash' ? 2 : 1])
      expect(all.every(({ handler }) => handler.input?.['with_messages'] === 'yes')).toBe(true)
    }
    expect(called('PreToolUse', 'Read')).toEqual([])
    expect(called('PostToolUse', 'mcp__plugin_parallel-cc_parallel-cc__read_messages')).toEqual([])
  })

  test('never blocks when it fails, and gives each hook a limit where the client’s own is long', () => {
    for (const { event, handler } of entries) {
      expect(handler).not.toHaveProperty('onFailure')
      if (event !== 'SessionEnd') expect(handler.timeout).toBeGreaterThan(0)
    }
  })
})
