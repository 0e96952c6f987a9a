import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  answerFirstStart,
  bypassPermissions,
  claudePath,
  clientEnv,
  fail,
  gate,
  openTerminal,
  registeredClients,
  runClaude,
  say,
  setProcessEnv,
  spawnClaude,
  startScriptedApi,
  type TempRepo,
  tempDir,
  tempRepo,
  use,
  writeFiles,
  writeSettings,
} from '@pcc/test-kit'
import { describe, expect, it } from 'vitest'

interface Start {
  pid: string
  session_id: string
  source: string
  cwd: string
}

/** Has a plain program called at every SessionStart; it notes the payload and CLAUDE_PID, and says something to the model. */
function recordStarts(repo: TempRepo): () => Start[] {
  const notes = join(repo.base, 'starts.jsonl')
  const program = `
    const payload = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
    const start = { ...payload, pid: process.env.CLAUDE_PID }
    require('node:fs').appendFileSync(${JSON.stringify(notes)}, JSON.stringify(start) + '\\n')
    console.log('HOOK-SAYS-' + payload.source)`
  writeFiles(repo.base, { 'hook.cjs': program })
  const hook = { type: 'command', command: process.execPath, args: [join(repo.base, 'hook.cjs')] }
  writeSettings(repo.home, { hooks: { SessionStart: [{ hooks: [hook] }] } })
  return () =>
    existsSync(notes)
      ? readFileSync(notes, 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Start)
      : []
}

function readAndEdit(file: string, from: string, to: string) {
  return [
    use('Read', { file_path: file }),
    use('Edit', { file_path: file, old_string: from, new_string: to }),
    say('edited'),
  ]
}

describe('a headless client', () => {
  it('does what the script says and reports its cost', async () => {
    const repo = tempRepo({ files: { 'a.txt': 'one two\n' } })
    const api = await startScriptedApi()
    const file = join(repo.root, 'a.txt')
    api.script('alpha', readAndEdit(file, 'one', 'ONE'))

    const run = await runClaude({ cwd: repo.root, home: repo.home, api, prompt: '[[alpha]] edit a.txt' })

    expect(run).toMatchObject({ code: 0, signal: null, stderr: '' })
    expect(run.result).toMatchObject({ subtype: 'success', result: 'edited', num_turns: 3 })
    expect(readFileSync(file, 'utf8')).toBe('ONE two\n')
    expect(api.turnsLeft('alpha')).toBe(0)
    expect(api.unexpected()).toEqual([])
    expect(api.requests.map((request) => request.url)).toEqual(Array(3).fill('/v1/messages?beta=true'))
    expect(api.requests.map((request) => request.sessionId)).toEqual(Array(3).fill(run.result?.session_id))
    expect(api.textsSentToModel('alpha').join('\n')).toContain('a.txt has been updated')
  })

  it('talks to the API beside another, each by its own script', async () => {
    const repo = tempRepo({ files: { 'a.txt': 'a\n', 'b.txt': 'b\n' } })
    const api = await startScriptedApi()
    const hold = gate()
    const [read, edit, end] = readAndEdit(join(repo.root, 'a.txt'), 'a', 'A')
    api.script('alpha', [read!, { ...edit, gate: hold }, end!])
    api.script('beta', readAndEdit(join(repo.root, 'b.txt'), 'b', 'B'))
    const common = { cwd: repo.root, home: repo.home, api }

    const alpha = spawnClaude({ ...common, prompt: '[[alpha]] edit' })
    await hold.reached
    const beta = await runClaude({ ...common, prompt: '[[beta]] edit' })
    const meanwhile = repo.git('status', '--porcelain')
    hold.open()

    expect(beta.code).toBe(0)
    expect(meanwhile).toBe(' M b.txt')
    expect((await alpha.done).code).toBe(0)
    expect(repo.git('status', '--porcelain')).toBe(' M a.txt\n M b.txt')
  })

  it('calls a SessionStart hook with its pid, and sends what the hook says to the model', async () => {
    const repo = tempRepo()
    const starts = recordStarts(repo)
    const api = await startScriptedApi()
    api.script('alpha', [say('hello')])

    const run = await runClaude({ cwd: repo.root, home: repo.home, api, prompt: '[[alpha]] hello' })

    const sessionId = run.result?.session_id
    expect(starts()).toEqual([
      expect.objectContaining({
        pid: String(run.pid),
        session_id: sessionId,
        source: 'startup',
        cwd: repo.root,
      }),
    ])
    expect(api.textsSentToModel('alpha').join('\n')).toContain('HOOK-SAYS-startup')
  })

  it('runs a subagent, which has a script of its own', async () => {
    const repo = tempRepo()
    const api = await startScriptedApi()
    const order = { description: 'help', prompt: '[[alpha]] help', subagent_type: 'general-purpose' }
    api.script('alpha', [use('Agent', { ...order, run_in_background: false }), say('main done')])
    api.scriptAgent('alpha', [say('SUB-DONE')])

    const run = await runClaude({ cwd: repo.root, home: repo.home, api, prompt: '[[alpha]] go' })

    expect(run.result).toMatchObject({ result: 'main done' })
    expect(api.requestsOf('alpha').map((request) => request.agentId !== undefined)).toEqual([
      false,
      true,
      false,
    ])
    expect(api.textsSentToModel('alpha').join('\n')).toContain('SUB-DONE')
  })

  it('can be watched while it works', async () => {
    const repo = tempRepo()
    const api = await startScriptedApi()
    const hold = gate()
    api.script('alpha', [
      use('Bash', { command: 'echo $((6*7))', description: 'count' }),
      say('end', { gate: hold }),
    ])

    const client = spawnClaude({ cwd: repo.root, home: repo.home, api, prompt: '[[alpha]] count' })
    const seen = await client.waitForEvent((event) => event.type === 'user')
    const ended = client.events().some((event) => event.type === 'result')
    hold.open()

    expect(JSON.stringify(seen)).toContain('"content":"42"')
    expect(ended).toBe(false)
    expect(await client.done).toMatchObject({ code: 0, result: { result: 'end' } })
  })

  it('ends plainly when nothing is scripted, and the request is kept', async () => {
    const repo = tempRepo()
    const api = await startScriptedApi()

    const run = await runClaude({ cwd: repo.root, home: repo.home, api, prompt: 'no tag here' })

    expect(run).toMatchObject({ code: 0 })
    expect(api.unexpected()).toEqual([
      expect.objectContaining({ tag: undefined, answeredBy: 'nothing scripted' }),
    ])
  })

  it('is started by another program in the same way, with its pid known from its home', async () => {
    const repo = tempRepo()
    const starts = recordStarts(repo)
    const api = await startScriptedApi()
    const hold = gate()
    api.script('alpha', [say('through a wrapper', { gate: hold })])
    const wrapper = `
      const { spawnSync } = require('node:child_process')
      process.exitCode = spawnSync('claude', process.argv.slice(1), { stdio: 'inherit' }).status + 40`
    const via = { command: process.execPath, args: ['-e', wrapper, '--'] }

    const client = spawnClaude({ cwd: repo.root, home: repo.home, api, prompt: '[[alpha]] go', via })
    await hold.reached
    const pids = registeredClients(repo.home)
    hold.open()

    expect(pids).not.toContain(client.pid)
    expect(starts().map(({ pid }) => Number(pid))).toEqual(pids)
    expect(await client.done).toMatchObject({ code: 40, result: { result: 'through a wrapper' } })
  })
})

describe('the exit code of a headless client', () => {
  it('is 0 after SIGINT, with a result that tells of it', async () => {
    const repo = tempRepo()
    const api = await startScriptedApi()
    const hold = gate()
    api.script('alpha', [say('never', { gate: hold })])
    const client = spawnClaude({ cwd: repo.root, home: repo.home, api, prompt: '[[alpha]] wait' })
    await hold.reached

    client.kill('SIGINT')

    const ended = await client.done
    expect(ended).toMatchObject({ code: 0, signal: null })
    expect(ended.result).toMatchObject({ subtype: 'error_during_execution', is_error: true })
  })

  it('is 143 after SIGTERM, without a result', async () => {
    const repo = tempRepo()
    const api = await startScriptedApi()
    const hold = gate()
    api.script('alpha', [say('never', { gate: hold })])
    const client = spawnClaude({ cwd: repo.root, home: repo.home, api, prompt: '[[alpha]] wait' })
    await hold.reached

    client.kill('SIGTERM')

    expect(await client.done).toMatchObject({ code: 143, signal: null, result: undefined })
  })

  it('is 1 when the API refuses the request', async () => {
    const repo = tempRepo()
    const api = await startScriptedApi()
    api.script('alpha', [fail(400, { message: 'scripted refusal', forever: true })])

    const run = await runClaude({ cwd: repo.root, home: repo.home, api, prompt: '[[alpha]] go' })

    expect(run).toMatchObject({ code: 1, result: { is_error: true, api_error_status: 400 } })
    expect(run.result?.result).toContain('scripted refusal')
  })

  it('is 0 when an overloaded API answers the second time, and 1 when it never does', async () => {
    const repo = tempRepo()
    const api = await startScriptedApi()
    api.script('alpha', [fail(529), say('in the end')])
    api.script('beta', [fail(529, { forever: true })])
    const common = { cwd: repo.root, home: repo.home, api }

    const recovered = await runClaude({ ...common, prompt: '[[alpha]] go' })
    const gaveUp = await runClaude({ ...common, prompt: '[[beta]] go' })

    expect(recovered).toMatchObject({ code: 0, result: { result: 'in the end' } })
    expect(gaveUp).toMatchObject({ code: 1, result: { is_error: true, api_error_status: 529 } })
    expect(api.requestsOf('beta')).toHaveLength(2)
  })
})

describe('a client in a terminal', () => {
  it('gets a new session id under the same pid by /clear, and ends by /exit', async () => {
    const repo = tempRepo()
    const starts = recordStarts(repo)
    const api = await startScriptedApi()
    const file = join(repo.root, 'b.txt')
    api.script('alpha', [use('Write', { file_path: file, content: 'written\n' }), say('ALPHA-ANSWER')])
    api.script('beta', [say('BETA-ANSWER')])
    answerFirstStart(repo.home, [repo.root])
    const env = clientEnv({ home: repo.home, apiUrl: api.url })
    const terminal = await openTerminal({
      command: claudePath(),
      args: bypassPermissions,
      env,
      cwd: repo.root,
    })
    await terminal.waitFor(/bypass permissions on/)
    const pid = await terminal.pid()

    await terminal.type('[[alpha]] write it')
    await terminal.press('Enter')
    await terminal.waitFor(/ALPHA-ANSWER/)
    await terminal.type('/clear')
    await terminal.press('Enter')
    await expect.poll(starts, { timeout: 20_000 }).toHaveLength(2)
    await terminal.type('[[beta]] go on')
    await terminal.press('Enter')
    await terminal.waitFor(/BETA-ANSWER/)
    await terminal.type('/exit')
    await terminal.press('Enter')

    expect(await terminal.waitForExit()).toEqual({ code: 0, signal: undefined })
    expect(readFileSync(file, 'utf8')).toBe('written\n')
    expect(starts().map(({ source }) => source)).toEqual(['startup', 'clear'])
    expect(starts().map((start) => Number(start.pid))).toEqual([pid, pid])
    expect(new Set(starts().map(({ session_id }) => session_id)).size).toBe(2)
    expect(api.textsSentToModel('beta').join('\n')).toContain('HOOK-SAYS-clear')
    expect(api.unexpected()).toEqual([])
  })

  it('shows its last screen when a wait is in vain, and tells which signal ended it', async () => {
    const cwd = tempDir()
    const args = ['-e', 'process.stdout.write("READY\\n"); setInterval(() => {}, 1000)']
    const env = { PATH: process.env.PATH ?? '' }
    const terminal = await openTerminal({ command: process.execPath, args, env, cwd })
    await terminal.waitFor(/READY/)

    await expect(terminal.waitFor(/never/, 200)).rejects.toThrow(/not seen within 200 ms.*READY/s)
    process.kill(await terminal.pid(), 'SIGKILL')

    expect(await terminal.waitForExit()).toEqual({ code: undefined, signal: 9 })
  })

  it('needs tmux, and says so', async () => {
    const opening = openTerminal({ command: process.execPath, env: { PATH: tempDir() }, cwd: tempDir() })

    await expect(opening).rejects.toThrow('apt-get install tmux')
  })
})

it('is looked for in the cache, and the command that fetches it is named when it is not there', () => {
  setProcessEnv({ PCC_CLIENT_CACHE: tempDir() })

  expect(() => claudePath()).toThrow('npm run client')
})
