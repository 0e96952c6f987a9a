import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bypassPermissions, eventually, say, type Terminal, use } from '@pcc/test-kit'
import { expect, test } from 'vitest'
import { occupyCheckout, onlyLeft, type RealProgram, realProgram } from './program.js'

const READY = /bypass permissions on/
const named = [...bypassPermissions, '--name', 'work']

const treeOf = (it: RealProgram) => join(it.repo.base, 'repo-worktrees', 'work')

async function enter(terminal: Terminal, text: string): Promise<void> {
  await terminal.type(text)
  await terminal.press('Enter')
}

test('/clear and /resume keep the session and change the conversation; /exit ends it and takes the empty tree', async () => {
  const it = await realProgram()
  await occupyCheckout(it)
  it.api.script('alpha', [say('ALPHA-ANSWER')])
  it.api.script('beta', [say('BETA-ANSWER')])
  const terminal = await it.terminal('claude-parallel', { args: named })
  await terminal.waitFor(READY)

  await enter(terminal, '[[alpha]] hello')
  await terminal.waitFor(/ALPHA-ANSWER/)
  const [, before] = await it.sessions()
  const [, rowBefore] = it.rows()
  await enter(terminal, '/clear')
  await eventually('another conversation', () => it.rows()[1]?.agentSessionId !== rowBefore?.agentSessionId)
  await enter(terminal, '[[beta]] hello')
  await terminal.waitFor(/BETA-ANSWER/)
  const [, rowBetween] = it.rows()
  await enter(terminal, `/resume ${rowBefore?.agentSessionId}`)
  await eventually('the old conversation', () => it.rows()[1]?.agentSessionId === rowBefore?.agentSessionId)
  const after = await it.sessions()
  await enter(terminal, '/exit')

  expect(await terminal.waitForExit()).toEqual({ code: 0, signal: undefined })
  expect(before).toMatchObject({ name: 'work', isAlive: true, worktreePath: treeOf(it) })
  expect(after).toMatchObject([
    { name: 'first' },
    { sessionId: before?.sessionId, pid: before?.pid, isAlive: true },
  ])
  const conversations = ['alpha', 'beta'].map((tag) => it.api.requestsOf(tag)[0]?.sessionId)
  expect([rowBefore?.agentSessionId, rowBetween?.agentSessionId]).toEqual(conversations)
  expect(it.rows()).toHaveLength(2)
  await onlyLeft(it, ['first'])
  expect(existsSync(treeOf(it))).toBe(false)
  expect(it.repo.git('branch', '--format=%(refname:short)')).toBe('main')
})

test('Ctrl-Z and fg suspend it and bring it back; Ctrl-C twice ends it', async () => {
  const it = await realProgram()
  await occupyCheckout(it)
  const terminal = await it.terminal('bash', { args: ['--norc'], env: { PS1: 'PROMPT> ' } })
  const words = named.map((word) => `'${word}'`).join(' ')
  await enter(terminal, `claude-parallel ${words}`)
  await terminal.waitFor(READY)

  await terminal.press('C-z')
  await terminal.waitFor(/Stopped.*\nPROMPT>/s)
  const suspended = await it.sessions()
  await enter(terminal, 'fg; echo "ENDED=$?"')
  await terminal.waitFor(READY)
  await terminal.press('C-c')
  await terminal.waitFor(/again to exit/)
  await terminal.press('C-c')

  await terminal.waitFor(/ENDED=0/)
  expect(suspended).toMatchObject([{ name: 'first' }, { name: 'work', isAlive: true }])
  expect((await it.sessions()).map(({ name }) => name)).toEqual(['first'])
  expect(existsSync(treeOf(it))).toBe(false)
})

test('a terminal that is closed ends the session; its work is kept', async () => {
  const it = await realProgram()
  await occupyCheckout(it)
  const file = join(treeOf(it), 'new.txt')
  it.api.script('alpha', [use('Write', { file_path: file, content: 'not committed\n' }), say('ALPHA-ANSWER')])
  const terminal = await it.terminal('claude-parallel', { args: named })
  await terminal.waitFor(READY)
  await enter(terminal, '[[alpha]] write it')
  await terminal.waitFor(/ALPHA-ANSWER/)
  const wrapper = await terminal.pid()

  await terminal.close()

  await eventually('the session has ended', async () => (await it.sessions()).length === 1)
  expect(it.rows()).toMatchObject([{ endReason: null }, { endReason: 'exited' }])
  await eventually('the wrapper has ended', () => !existsSync(`/proc/${wrapper}`))
  expect(readFileSync(file, 'utf8')).toBe('not committed\n')
})
