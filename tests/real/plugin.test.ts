import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { claudePath, clientEnv, gate, say, use } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'
import { occupyCheckout, onlyLeft, type RealProgram, realProgram } from './program.js'

const plugin = join(dirname(fileURLToPath(import.meta.url)), '../../apps/hooks/plugin')
const SERVER = 'mcp__plugin_parallel-cc_parallel-cc__'

/** The built program and the real client, which gets everything from the plugin. */
async function withPlugin(): Promise<RealProgram & { args: string[] }> {
  const program = await realProgram({ hooks: 'none', files: { 'src/a.ts': 'a\n', 'src/b.ts': 'b\n' } })
  return { ...program, args: ['--plugin-dir', plugin] }
}

const sentTo = (program: RealProgram, tag: string): string => program.api.textsSentToModel(tag).join('\n')

it('is a plugin as the client wants one', () => {
  const home = join(plugin, '../node_modules/.cache/validate')
  const env = clientEnv({ home, apiUrl: 'http://127.0.0.1:1' })
  const said = execFileSync(claudePath(), ['plugin', 'validate', plugin], { env, encoding: 'utf8' })
  expect(said).toContain('Validation passed')
})

describe('what the model hears of it', () => {
  it('is the server’s instructions, and at the start who else works here', async () => {
    const program = await withPlugin()
    await occupyCheckout(program)
    program.api.script('alpha', [say('done')])
    const ran = await program.direct({ prompt: '[[alpha]] go', args: program.args }).done
    expect(ran.code).toBe(0)
    const sent = sentTo(program, 'alpha')
    expect(sent).toContain('parallel-cc coordinates several coding agents')
    expect(sent).toContain('Other sessions at work in this repository: 1.')
    expect(sent).not.toMatch(/hook success|hook_no_verdict|completed/)
    expect(program.api.unexpected()).toEqual([])
    await onlyLeft(program, ['first'])
  })

  it('is the schema of the few tools that it needs at once, and no tool of the hooks', async () => {
    const program = await withPlugin()
    program.api.script('alpha', [say('done')])
    await program.direct({ prompt: '[[alpha]] go', args: program.args }).done
    await onlyLeft(program, [])
    const [request] = program.api.requestsOf('alpha')
    const tools = ((request?.body['tools'] ?? []) as { name: string; defer_loading?: boolean }[])
      .filter((tool) => tool.name.startsWith(SERVER) && tool.defer_loading !== true)
      .map((tool) => tool.name.slice(SERVER.length))
    expect(tools.toSorted()).toEqual(['claim_files', 'get_parallel_status', 'send_message'])
    expect(JSON.stringify(request?.body)).not.toContain(`${SERVER}hook`)
  })
})

describe('the tools', () => {
  it('are called by the client and know whose they are', async () => {
    const program = await withPlugin()
    const hold = gate()
    program.api.script('alpha', [
      use(`${SERVER}get_my_session`, {}),
      use(`${SERVER}get_parallel_status`, {}),
      say('done', { gate: hold }),
    ])
    const client = program.direct({ prompt: '[[alpha]] go', args: program.args })
    await hold.reached
    const [session] = await program.sessions()
    hold.open()
    expect((await client.done).code).toBe(0)
    expect(session).toMatchObject({ pid: client.pid, isAlive: true })
    const sent = sentTo(program, 'alpha')
    expect(sent).toContain(`"sessionId":"${session?.sessionId}"`)
    expect(sent).toContain('"isMe":true')
    expect(program.rows()).toHaveLength(1)
    await onlyLeft(program, [])
  })

  it('go on after the server was killed', async () => {
    const program = await withPlugin()
    const hold = gate()
    program.api.script('alpha', [
      use(`${SERVER}get_my_session`, {}),
      // a call that the client has sent before it saw the server's end is answered with an error
      use(`${SERVER}get_my_session`, {}, { gate: hold }),
      use(`${SERVER}get_parallel_status`, {}),
      say('done'),
    ])
    const client = program.direct({ prompt: '[[alpha]] go', args: program.args })
    await hold.reached
    const servers = childrenOf(client.pid).filter(({ command }) => command.includes('server/bin.cjs'))
    expect(servers).toHaveLength(1)
    process.kill(servers[0]?.pid as number, 'SIGKILL')
    hold.open()
    expect((await client.done).code).toBe(0)
    expect(sentTo(program, 'alpha')).toContain('"totalSessions":1')
    expect(program.rows()).toHaveLength(1)
    await onlyLeft(program, [])
  })
})

function childrenOf(parent: number): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const above = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
        if (above !== parent) return []
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return [{ pid: Number(name), command }]
      } catch {
        // ended meanwhile
        return []
      }
    })
}

describe('claude --worktree', () => {
  it('gets one of our trees, with our marker, beside the repository', async () => {
    const program = await withPlugin()
    const hold = gate()
    program.api.script('alpha', [say('done', { gate: hold })])
    const args = [...program.args, '-w', 'My.Feature']
    const client = program.direct({ prompt: '[[alpha]] go', args })
    await hold.reached
    const tree = join(program.repo.base, 'repo-worktrees', 'my-feature')
    expect(await program.sessions()).toMatchObject([
      { worktreePath: tree, isMainRepo: false, pid: client.pid },
    ])
    hold.open()
    expect((await client.done).code).toBe(0)
    await onlyLeft(program, [])
    expect(existsSync(join(program.repo.root, '.git/worktrees/my-feature/parallel-cc.json'))).toBe(true)
    expect(existsSync(join(program.repo.root, '.claude/worktrees'))).toBe(false)
  })

  it('fails where no tree can be made, and says why', async () => {
    const program = await withPlugin()
    program.repo.git('update-ref', '-d', 'HEAD')
    const ran = await program.direct({ prompt: '[[alpha]] go', args: [...program.args, '-w', 'x'] }).done
    expect(ran.code).not.toBe(0)
    expect(ran.stdout + ran.stderr).toContain('has no commit')
  })
})
