import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bypassPermissions, gate, say, use } from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'
import { occupyCheckout, onlyLeft, type RealProgram, realProgram } from './program.js'

const plugin = join(dirname(fileURLToPath(import.meta.url)), '../../apps/hooks/plugin')
const args = ['--plugin-dir', plugin]
const SERVER = 'mcp__plugin_parallel-cc_parallel-cc__'

/** The client with the plugin, beside a session named `first` that has the main checkout. */
async function besideAnother(): Promise<RealProgram> {
  const program = await realProgram({ hooks: 'none', files: { 'src/a.ts': 'a\n', 'src/b.ts': 'b\n' } })
  await occupyCheckout(program)
  return program
}

/** What `first` does by the command line. */
async function first(program: RealProgram, ...words: string[]): Promise<void> {
  const ran = await program.run([...words, '--session', 'first'])
  if (ran.code !== 0) throw new Error(`${words.join(' ')}: ${ran.stderr}`)
}

const sentTo = (program: RealProgram, tag: string): string => program.api.textsSentToModel(tag).join('\n')

/** How often a text stands in what the last request sends to the model. */
function times(program: RealProgram, tag: string, text: string): number {
  const sent = program.api.requestsOf(tag).at(-1)?.texts.join('\n') ?? ''
  return sent.split(text).length - 1
}

describe('an edit of a file that another session holds', () => {
  it('does not happen, by whatever tool, and the model reads who holds it and why; after release it happens', async () => {
    const program = await besideAnother()
    const tree = join(program.repo.base, 'repo-worktrees', 'work')
    const file = join(tree, 'src/a.ts')
    const released = gate()
    program.api.script('alpha', [
      use('Read', { file_path: file }),
      use('Edit', { file_path: file, old_string: 'a', new_string: 'EDITED' }),
      use('Write', { file_path: file, content: 'WRITTEN\n' }),
      use('Bash', { command: `sed -i s/a/SED/ src/a.ts`, description: 'sed' }),
      use('Bash', {
        command: 'cat src/a.ts && echo "CWD ${cwd} FILE ${tool_input.file_path}"',
        description: 'look',
      }),
      use('Edit', { file_path: file, old_string: 'a', new_string: 'EDITED' }, { gate: released }),
      say('done'),
    ])
    await first(program, 'claim', 'src/a.ts', '--mode', 'exclusive', '--reason', 'moving A elsewhere')

    const client = program.direct({ prompt: '[[alpha]] go', args: [...args, '-w', 'work'] })
    await released.reached
    const before = readFileSync(file, 'utf8')
    const denials = times(program, 'alpha', 'moving A elsewhere')
    await first(program, 'release', 'src/a.ts')
    released.open()

    expect((await client.done).code).toBe(0)
    expect(before).toBe('a\n')
    expect(denials).toBe(3)
    expect(sentTo(program, 'alpha')).toContain('hook error')
    expect(sentTo(program, 'alpha')).toContain('send_message')
    expect(readFileSync(file, 'utf8')).toBe('EDITED\n')
    await onlyLeft(program, ['first'])
  })

  it('is held back once when the other only edits it, and the same call again goes through', async () => {
    const program = await besideAnother()
    const file = join(program.repo.base, 'repo-worktrees', 'work', 'src/a.ts')
    await first(program, 'claim', 'src/a.ts', '--reason', 'trying something in A')
    const write = { file_path: file, content: 'WRITTEN\n' }
    program.api.script('alpha', [
      use('Read', { file_path: file }),
      use('Write', write),
      use('Write', write),
      say('done'),
    ])
    const ran = await program.direct({ prompt: '[[alpha]] go', args: [...args, '-w', 'work'] }).done
    expect(ran.code).toBe(0)
    expect(times(program, 'alpha', 'trying something in A')).toBe(1)
    expect(readFileSync(file, 'utf8')).toBe('WRITTEN\n')
    await onlyLeft(program, ['first'])
  })

  it('is denied with the right path when it goes into another tree', async () => {
    const program = await besideAnother()
    const wrong = join(program.repo.root, 'src/new.ts')
    const right = join(program.repo.base, 'repo-worktrees', 'work', 'src/new.ts')
    program.api.script('alpha', [
      use('Write', { file_path: wrong, content: 'new\n' }),
      use('Bash', { command: `echo new > ${wrong}`, description: 'write' }),
      say('done'),
    ])
    // with --worktree the client itself would refuse the first of them
    const ran = await program.parallel({ prompt: '[[alpha]] go', args: [...args, '--name', 'work'] }).done
    expect(ran.code).toBe(0)
    expect(times(program, 'alpha', right)).toBe(2)
    expect(existsSync(wrong)).toBe(false)
    await onlyLeft(program, ['first'])
  })
})

it('a file that the model claims by the tool is denied to another session until it is released', async () => {
  const program = await besideAnother()
  const hold = gate()
  program.api.script('alpha', [
    use(`${SERVER}claim_files`, { files: ['src/**'], mode: 'exclusive', reason: 'ALPHA-REASON' }),
    use(`${SERVER}release_files`, { files: ['src/**'] }, { gate: hold }),
    say('done'),
  ])
  const client = program.direct({ prompt: '[[alpha]] go', args: [...args, '-w', 'work'] })
  await hold.reached
  const held = await program.run(['claim', 'src/a.ts', '--session', 'first', '--json'])
  hold.open()
  expect((await client.done).code).toBe(0)
  expect(held.code).toBe(3)
  expect(held.stdout).toContain('ALPHA-REASON')
  expect((await program.run(['claim', 'src/a.ts', '--session', 'first'])).code).toBe(0)
  await onlyLeft(program, ['first'])
})

describe('a subagent', () => {
  it('with a tree of its own gets one of ours, writes there, and its edits are its session’s', async () => {
    const program = await besideAnother()
    await first(program, 'claim', 'src/a.ts', '--mode', 'exclusive', '--reason', 'not for subagents')
    const spawn = {
      description: 'sub',
      prompt: '[[beta]] work',
      subagent_type: 'general-purpose',
      isolation: 'worktree',
      run_in_background: false,
    }
    const hold = gate()
    program.api.script('alpha', [use('Agent', spawn), say('done')])
    program.api.scriptAgent('beta', [
      use('Bash', { command: 'pwd; echo x > src/b.ts', description: 'pwd' }),
      use('Bash', { command: 'echo y > src/a.ts', description: 'try' }),
      say('sub done', { gate: hold }),
    ])
    const client = program.direct({ prompt: '[[alpha]] go', args: [...args, '-w', 'work'] })
    await hold.reached
    const { stdout } = await program.run(['claims', '--json'])
    hold.open()
    expect((await client.done).code).toBe(0)
    const trees = program.repo.git('worktree', 'list', '--porcelain').match(/repo-worktrees\/agent-[^\n]*/g)
    expect(trees).toHaveLength(1)
    expect(sentTo(program, 'beta')).toContain(trees?.[0] as string)
    expect(sentTo(program, 'beta')).toContain('not for subagents')
    const { claims } = JSON.parse(stdout) as { claims: { path: string; source: string }[] }
    expect(claims).toContainEqual(expect.objectContaining({ path: 'src/b.ts', source: 'edit' }))
    await onlyLeft(program, ['first'])
  })
})

describe('in a terminal', () => {
  it('an edit is denied, EnterWorktree gets one of our trees, and edits there are the session’s', async () => {
    const program = await besideAnother()
    await first(program, 'claim', 'src/a.ts', '--mode', 'exclusive', '--reason', 'TERMINAL-REASON')
    const tree = join(program.repo.base, 'repo-worktrees', 'own')
    const file = join(tree, 'src/a.ts')
    program.api.script('alpha', [
      use('EnterWorktree', { name: 'own' }),
      use('Bash', { command: 'pwd; echo x > src/b.ts', description: 'pwd' }),
      use('Write', { file_path: file, content: 'x\n' }),
      say('ALPHA-DONE'),
    ])
    const terminal = await program.terminal('claude', { args: [...bypassPermissions, ...args] })
    await terminal.waitFor(/bypass permissions on/)
    await terminal.type('[[alpha]] go')
    await terminal.press('Enter')
    await terminal.waitFor(/ALPHA-DONE/)
    const { stdout } = await program.run(['claims', '--json'])
    await terminal.type('/exit')
    await terminal.press('Enter')
    const sent = sentTo(program, 'alpha')
    expect(sent).toContain('TERMINAL-REASON')
    expect(sent).toContain(tree)
    expect(existsSync(file) && readFileSync(file, 'utf8')).toBe('a\n')
    const { claims } = JSON.parse(stdout) as { claims: { path: string; worktreePath: string }[] }
    expect(claims.map((claim) => claim.path).toSorted()).toEqual(['src/a.ts', 'src/b.ts'])
  })
})
