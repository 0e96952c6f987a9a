import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail, gate, say, type Turn, use } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { occupyCheckout, onlyLeft, type RealProgram, realProgram } from './program.js'

function edit(file: string, from: string, to: string): Turn[] {
  return [
    use('Read', { file_path: file }),
    use('Edit', { file_path: file, old_string: from, new_string: to }),
  ]
}

/** Two turns that edit a file of the tree that the client says it stands in. */
function editHere(name: string, from: string, to: string, tree: () => string): Turn[] {
  return edit(name, from, to).map((turn) => () => {
    const answer = turn as { tools: { name: string; input: Record<string, unknown> }[] }
    const tools = answer.tools.map((tool) => ({
      ...tool,
      input: { ...tool.input, file_path: join(tree(), name) },
    }))
    return { tools }
  })
}

/** The folder that the client says it works in, out of what it sent. */
function treeOf(it: RealProgram, tag: string): string {
  const said = /Primary working directory: (\S+)/.exec(it.api.textsSentToModel(tag).join('\n'))
  return said?.[1] ?? 'no working directory was told'
}

describe('two clients started by claude-parallel in one repository', () => {
  test('edit the same file at once, each in its own tree; status shows both; both edits arrive', async () => {
    const it = await realProgram({ files: { 'a.txt': 'one two\n' } })
    const tags = ['alpha', 'beta'] as const
    const holds = { alpha: gate(), beta: gate() }
    for (const tag of tags) {
      const turns = editHere('a.txt', 'one', tag.toUpperCase(), () => treeOf(it, tag))
      it.api.script(tag, [...turns, say('edited', { gate: holds[tag] })])
    }

    const clients = tags.map((tag) => it.parallel({ prompt: `[[${tag}]] edit a.txt` }))
    await Promise.all(tags.map((tag) => holds[tag].reached))
    const during = await it.sessions()
    for (const tag of tags) holds[tag].open()
    const ended = await Promise.all(clients.map((client) => client.done))

    expect(ended.map(({ code }) => code)).toEqual([0, 0])
    expect(ended.map(({ result }) => result?.result)).toEqual(['edited', 'edited'])
    expect(during).toMatchObject([
      { isAlive: true, status: 'active', isMainRepo: true, worktreePath: it.repo.root, branch: 'main' },
      { isAlive: true, status: 'active', isMainRepo: false },
    ])
    const linked = during[1] as (typeof during)[number]
    expect(linked.branch).toBe(linked.worktreeName)
    expect(it.repo.gitIn(linked.worktreePath, 'branch', '--show-current')).toBe(linked.branch)
    const contents = [it.repo.root, linked.worktreePath].map((tree) =>
      readFileSync(join(tree, 'a.txt'), 'utf8'),
    )
    expect(contents.toSorted()).toEqual(['ALPHA two\n', 'BETA two\n'])
    const stderr = ended.map((run) => run.stderr).join('')
    expect(stderr).toContain(`kept ${linked.worktreePath}: 1 `)
    expect(await it.sessions()).toEqual([])
    expect(it.api.unexpected()).toEqual([])
  })

  test('are each told their tree and the other session', async () => {
    const it = await realProgram()
    await occupyCheckout(it)
    const hold = gate()
    it.api.script('alpha', [say('hello', { gate: hold })])
    const client = it.parallel({ prompt: '[[alpha]] hello', args: ['--name', 'backend'] })
    await hold.reached
    const [first, own] = await it.sessions()
    hold.open()

    expect((await client.done).code).toBe(0)
    expect(own).toMatchObject({ name: 'backend', branch: 'backend', isMainRepo: false })
    const told = it.api.textsSentToModel('alpha').join('\n')
    expect(told).toContain(
      `you are session ${own?.sessionId} in a linked git worktree of your own, ${own?.worktreePath} on branch backend.`,
    )
    expect(told).toContain(`- first (session ${first?.sessionId}) in ${it.repo.root} on branch main`)
    expect(told).not.toContain('THIS SAME tree')
  })

  test('leave nothing behind when they changed nothing', async () => {
    const it = await realProgram()
    await occupyCheckout(it)
    it.api.script('alpha', [say('nothing to do')])

    const ended = await it.parallel({ prompt: '[[alpha]] look', args: ['--name', 'idle'] }).done

    expect(ended.code).toBe(0)
    expect(existsSync(join(it.repo.base, 'repo-worktrees', 'idle'))).toBe(false)
    expect(it.repo.git('branch', '--format=%(refname:short)')).toBe('main')
    expect((await it.sessions()).map(({ name }) => name)).toEqual(['first'])
  })
})

describe('the exit code of the client', () => {
  const cases: [string, number, Turn[], string[]][] = [
    ['success', 0, [say('fine')], []],
    ['a refusal by the API', 1, [fail(400, { message: 'scripted refusal', forever: true })], []],
    [
      'the end of its turns',
      1,
      [use('Bash', { command: 'true', description: 'x' }), say('late')],
      ['--max-turns', '1'],
    ],
  ]
  test.each(cases)('passes through: %s', async (_name, code, turns, args) => {
    const it = await realProgram()
    it.api.script('alpha', turns)

    const ended = await it.parallel({ prompt: '[[alpha]] go', args }).done

    expect(ended).toMatchObject({ code, signal: null, result: { is_error: code !== 0 } })
    expect(await it.sessions()).toEqual([])
  })
})

describe('a client that is no session', () => {
  test.each([
    ['--version', ['--version'], '(Claude Code)'],
    ['mcp list', ['mcp', 'list'], 'No MCP servers configured'],
  ] as const)('runs as it is: %s', async (_name, args, said) => {
    const it = await realProgram()

    const ended = await it.parallel({ args }).done

    expect(ended).toMatchObject({ code: 0, stderr: '' })
    expect(ended.stdout).toContain(said)
    expect(it.rows()).toEqual([])
  })
})

describe('a conversation that is taken up again', () => {
  test('by --resume in a new process is a new session, also from another tree; one row for each process', async () => {
    const it = await realProgram()
    it.api.script('alpha', [say('ALPHA-ANSWER')])
    it.api.script('beta', [say('BETA-ANSWER')])
    const first = await it.parallel({ prompt: '[[alpha]] begin' }).done
    const conversation = first.result?.session_id as string
    await occupyCheckout(it)

    const args = ['--resume', conversation, '--name', 'again']
    const second = await it.parallel({ prompt: '[[beta]] go on', args }).done

    expect([first.code, second.code]).toEqual([0, 0])
    expect(second.result?.session_id).toBe(conversation)
    expect(JSON.stringify(it.api.requestsOf('beta').at(-1)?.body)).toContain('ALPHA-ANSWER')
    const rows = it.rows().filter((row) => row.agentSessionId === conversation)
    expect(rows).toMatchObject([
      { worktreePath: it.repo.root, endReason: 'exited' },
      { worktreePath: join(it.repo.base, 'repo-worktrees', 'again'), endReason: 'exited' },
    ])
    expect(new Set(rows.map(({ pid }) => pid)).size).toBe(2)
    expect(it.rows()).toHaveLength(3)
  })

  test('by --continue goes on in the tree that it stands in; a new tree has none, and that is told', async () => {
    const it = await realProgram()
    for (const tag of ['alpha', 'beta', 'gamma']) it.api.script(tag, [say(`ANSWER-${tag}`)])
    const first = await it.parallel({ prompt: '[[alpha]] begin' }).done
    const second = await it.parallel({ prompt: '[[beta]] go on', args: ['--continue'] }).done
    await occupyCheckout(it)
    const third = await it.parallel({ prompt: '[[gamma]] go on', args: ['--continue'] }).done

    expect([first, second, third].map(({ code }) => code)).toEqual([0, 0, 0])
    expect(second.result?.session_id).toBe(first.result?.session_id)
    expect(second.stderr).toBe('')
    expect(third.result?.session_id).not.toBe(first.result?.session_id)
    expect(third.stderr).toContain('--resume ID')
    const rows = it.rows().filter((row) => row.agentSessionId !== null)
    expect(rows.map((row) => row.agentSessionId)).toEqual(
      [first, second, third].map((run) => run.result?.session_id),
    )
    expect(new Set(rows.map(({ pid }) => pid)).size).toBe(3)
  })

  test('of a tree that was taken away is found from the checkout, and in a new tree of the same name', async () => {
    const it = await realProgram()
    await occupyCheckout(it)
    for (const tag of ['alpha', 'beta', 'gamma']) it.api.script(tag, [say(`ANSWER-${tag}`)])
    const work = ['--name', 'work']
    const first = await it.parallel({ prompt: '[[alpha]] begin', args: work }).done
    const conversation = first.result?.session_id as string
    expect(existsSync(join(it.repo.base, 'repo-worktrees', 'work'))).toBe(false)

    const second = await it.direct({ prompt: '[[beta]] go on', args: ['--resume', conversation] }).done
    const third = await it.parallel({ prompt: '[[gamma]] go on', args: ['--continue', ...work] }).done

    const runs = [first, second, third]
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(runs.map(({ result }) => result?.session_id)).toEqual(Array(3).fill(conversation))
    expect(JSON.stringify(it.api.requestsOf('gamma').at(-1)?.body)).toContain('ANSWER-alpha')
    await onlyLeft(it, ['first'])
  })

  test('in a tree that was kept goes on there, by the command that was told', async () => {
    const it = await realProgram({ files: { 'a.txt': 'one\n' } })
    await occupyCheckout(it)
    const tree = join(it.repo.base, 'repo-worktrees', 'work')
    it.api.script('alpha', [...edit(join(tree, 'a.txt'), 'one', 'ONE'), say('edited')])
    it.api.script('beta', [say('seen')])
    const first = await it.parallel({ prompt: '[[alpha]] edit', args: ['--name', 'work'] }).done
    const told = /return to it with: parallel-cc (.+)/.exec(first.stderr)?.[1]?.split(' ') ?? []

    const again = ['--', '-p', '[[beta]] go on', '--continue', '--output-format', 'json']
    const second = await it.parallelCc([...told, ...again]).done

    expect(told).toEqual(['start', '--isolation', 'never', '--repo', tree])
    expect(second.code).toBe(0)
    expect(second.result?.session_id).toBe(first.result?.session_id)
    expect(treeOf(it, 'beta')).toBe(tree)
    expect(readFileSync(join(tree, 'a.txt'), 'utf8')).toBe('ONE\n')
  })
})
