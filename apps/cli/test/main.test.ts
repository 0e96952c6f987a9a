import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { shell } from './run.js'

test('--help lists every command, and each command has a help of its own', async () => {
  const it = shell()
  const { stdout, code } = await it.run(['--help'])
  expect(code).toBe(0)
  const commands = [
    'start',
    'heartbeat',
    'stop',
    'status',
    'list',
    'claims',
    'claim',
    'release',
    'check',
    'send',
    'inbox',
    'cleanup',
    'restore',
    'config',
    'completion',
  ]
  for (const command of commands) expect(stdout).toContain(`parallel-cc ${command}`)
  for (const command of commands.slice(0, -1)) {
    const help = await it.run([command, '--help'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toContain('--json')
  }
})

test('--version prints the version alone', async () => {
  expect(await shell().run(['--version'])).toMatchObject({ code: 0, stdout: '0.0.0\n', stderr: '' })
})

test.each([
  ['no command', [], /a command is needed/],
  ['an unknown command', ['frobnicate'], /frobnicate/],
  ['a mistyped command', ['statsu'], /Did you mean status/],
  ['an unknown flag', ['status', '--frob'], /frob/],
  ['a flag without its value', ['start', '--name'], /name/],
])('%s is wrong usage, told in two lines', async (_name, args, message) => {
  const ran = await shell().run(args)
  expect(ran).toMatchObject({ code: 2, stdout: '' })
  expect(ran.stderr).toMatch(message)
})

test('a database that is none is refused, named, and left as it was', async () => {
  const it = shell()
  await it.run(['status'])
  const file = join(it.env['PARALLEL_CC_HOME'] as string, 'coordinator.db')
  writeFileSync(file, 'my diary, which happened to be here\n'.repeat(200))
  const ran = await it.run(['status'])
  expect(ran).toMatchObject({ code: 6, stdout: '' })
  expect(ran.stderr).toContain(file)
})

test('a broken settings file is wrong usage, and names the file', async () => {
  const it = shell()
  await it.run(['config', 'set', 'agent', 'claude'])
  const file = join(it.env['PARALLEL_CC_HOME'] as string, 'config.json')
  writeFileSync(file, '{')
  const ran = await it.run(['status'])
  expect(ran.code).toBe(2)
  expect(ran.stderr).toContain(file)
})

test('completion prints a script for each shell', async () => {
  const it = shell()
  for (const name of ['bash', 'zsh', 'fish']) {
    expect((await it.run(['completion', name])).stdout).toContain('parallel-cc complete -- ')
  }
  expect((await it.run(['completion', 'tcsh'])).code).toBe(2)
})

test('completion knows commands, flags, settings and sessions, and offers only names that are plain words', async () => {
  const it = shell()
  await it.run(['start', '--no-launch', '--pid', String(process.pid), '--name', 'back$(end)'])
  const { sessions } = (await it.run(['status', '--json'])).json<{ sessions: { sessionId: string }[] }>()
  const offered = async (...words: string[]) =>
    (await it.run(['complete', '--', ...words])).stdout.trim().split('\n')
  expect(await offered('st')).toEqual(['start', 'stop', 'status'])
  expect(await offered('stop', '')).toEqual([sessions[0]?.sessionId, '--keep', '--json', '--repo'])
  expect(await offered('config', 'get', 'trash')).toEqual(['trash.keepDays'])
  expect(await offered('restore', '')).toEqual(['--json', '--repo'])
  expect(await it.run(['complete', '--', 'restore', ''], { cwd: it.repo.base })).toMatchObject({
    code: 0,
    stdout: '',
  })
})
