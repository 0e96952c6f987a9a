import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { tempDir } from '@pcc/test-kit'
import { expect, test } from 'vitest'
import { builtProgram, installed, type Ran } from './doors/program.js'

/*
 * What the programs load, not how long it takes: benchmarks on shared machines cannot guard every change, the list of loaded files can.
 */

/** Modules of Node that cost a start more than a program of ours does, as `process.moduleLoadList` names them. */
const HEAVY = ['stream', 'net', 'crypto', 'child_process', 'assert', 'internal/modules/esm/translators']

interface Loaded {
  ran: Ran
  /** Files, without the ones of Node itself. */
  files: string[]
  /** Heavy modules of Node that were loaded. */
  heavy: string[]
}

/** A module that Node loads first, and that notes at the end what else was loaded. */
const PROBE = `
const before = new Set(process.moduleLoadList)
process.on('exit', () => {
  const own = process.moduleLoadList.filter((name) => !before.has(name)).map((name) => name.replace(/^\\w+ /, ''))
  const note = { files: Object.keys(require.cache).filter((file) => file !== __filename), modules: own }
  require('node:fs').writeFileSync(process.env.WEIGHT_NOTE, JSON.stringify(note))
})
`

async function loaded(run: (env: Record<string, string>) => Promise<Ran>): Promise<Loaded> {
  const folder = tempDir()
  const probe = join(folder, 'probe.cjs')
  const note = join(folder, 'note.json')
  writeFileSync(probe, PROBE)
  const ran = await run({ NODE_OPTIONS: `--require "${probe}"`, WEIGHT_NOTE: note })
  const { files, modules } = JSON.parse(readFileSync(note, 'utf8')) as { files: string[]; modules: string[] }
  return { ran, files, heavy: HEAVY.filter((name) => modules.includes(name)) }
}

/** Libraries that belong to other commands. */
const LIBRARIES: Readonly<Record<string, RegExp>> = {
  yargs: /yargs/i,
  kysely: /Kysely|QueryCompiler/,
  zod: /\bZod/,
  pg: /require\(.pg.\)/,
  'isomorphic-git': /isomorphic/,
  'tree-sitter': /tree_sitter/,
}

function librariesIn(texts: readonly string[]): string[] {
  return Object.keys(LIBRARIES).filter((name) => texts.some((text) => LIBRARIES[name]?.test(text)))
}

const addon = (file: string): boolean => basename(file) === 'better_sqlite3.node'

function payload(cwd: string): string {
  return JSON.stringify({ session_id: 'weight', cwd, source: 'startup' })
}

/** The program with its state folder made, as it is after the first session on a machine. */
async function inUse(): Promise<ReturnType<typeof installed>> {
  const it = installed()
  expect((await it.run(['status'])).code).toBe(0)
  return it
}

test('SessionStart loads one file and the SQLite addon, and none of what Node loads late', async () => {
  const it = await inUse()
  const start = (env: Record<string, string>): Promise<Ran> =>
    it.run(['SessionStart'], { as: 'parallel-cc-hook', input: payload(it.repo.root), env })
  for (const time of ['first', 'second']) {
    const { ran, files, heavy } = await loaded(start)
    expect(ran, time).toMatchObject({ code: 0, stderr: '' })
    expect(
      files.filter((file) => !addon(file)),
      time,
    ).toEqual([builtProgram('hooks')])
    expect(files.filter(addon), time).toHaveLength(1)
    expect(heavy, time).toEqual([])
  }
  const { sessions } = (await it.run(['status', '--json'])).json<{ sessions: object[] }>()
  expect(sessions).toHaveLength(1)
})

test('the file of the hooks is small, and holds no parser, query builder, validator or server driver', () => {
  const text = readFileSync(builtProgram('hooks'), 'utf8')
  expect(Buffer.byteLength(text)).toBeLessThan(85_000)
  expect(librariesIn([text])).toEqual([])
})

test.each<[string, object]>([
  ['an edit', { tool_name: 'Edit', tool_input: { file_path: 'a.txt' } }],
  ['a command that only reads', { tool_name: 'Bash', tool_input: { command: 'git status && npm test' } }],
])('%s is judged without the parser of shell, a query builder and git', async (_name, call) => {
  const it = await inUse()
  const env = { CLAUDE_PID: String(process.pid) }
  const hook = (event: string, input: string, more: Record<string, string> = {}): Promise<Ran> =>
    it.run([event], { as: 'parallel-cc-hook', input, env: { ...env, ...more } })
  await hook('SessionStart', payload(it.repo.root))
  const input = JSON.stringify({ session_id: 'weight', cwd: it.repo.root, ...call })
  const { ran, files, heavy } = await loaded((more) => hook('PreToolUse', input, more))
  expect(ran).toMatchObject({ code: 0, stdout: '', stderr: '' })
  const texts = files.filter((file) => !addon(file)).map((file) => readFileSync(file, 'utf8'))
  expect(librariesIn(texts.filter((text) => !text.startsWith('#!')))).toEqual([])
  expect(texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)).toBeLessThan(130_000)
  expect(heavy).toEqual([])
})

test.each([
  ['heartbeat', ['heartbeat']],
  ['status', ['status', '--json']],
])('%s loads its one part of the program, and neither parser nor query builder', async (_name, args) => {
  const it = await inUse()
  await it.run(['SessionStart'], {
    as: 'parallel-cc-hook',
    input: payload(it.repo.root),
    env: { CLAUDE_PID: String(process.pid) },
  })
  const { ran, files, heavy } = await loaded((env) => it.run(args, { env }))
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  const own = files
    .filter((file) => !addon(file))
    .map((file) => basename(file).replace(/-[\w-]{8}\.cjs$/, ''))
  expect(own).toEqual(['bin.cjs', 'rolldown-runtime', 'quick'])
  expect(files.filter(addon)).toHaveLength(1)
  expect(heavy).toEqual([])
  const texts = files.filter((file) => !addon(file)).map((file) => readFileSync(file, 'utf8'))
  expect(librariesIn(texts)).toEqual([])
})

test('--version loads nothing but the program itself', async () => {
  const it = installed()
  const { ran, files } = await loaded((env) => it.run(['--version'], { env }))
  expect(ran.code).toBe(0)
  expect(files.filter((file) => /main|quick|\.node$/.test(basename(file)))).toEqual([])
})

test('list loads neither parser nor query builder', async () => {
  const it = await inUse()
  const { ran, files } = await loaded((env) => it.run(['list', '--json'], { env }))
  expect(ran.code).toBe(0)
  const texts = files.filter((file) => !addon(file)).map((file) => readFileSync(file, 'utf8'))
  expect(librariesIn(texts)).toEqual([])
})

test('SessionStart, heartbeat and status start no process: git may be broken', async () => {
  const it = await inUse()
  const broken = tempDir()
  const called = join(broken, 'called')
  for (const name of ['git', 'ps', 'sh']) {
    writeFileSync(join(broken, name), `#!/bin/sh\necho ${name} >>'${called}'\nexit 1\n`)
    chmodSync(join(broken, name), 0o755)
  }
  const env = { PATH: `${broken}:${it.env['PATH']}`, CLAUDE_PID: String(process.pid) }
  const hook = await it.run(['SessionStart'], { as: 'parallel-cc-hook', input: payload(it.repo.root), env })
  expect(hook).toMatchObject({ code: 0, stderr: '' })
  expect(await it.run(['heartbeat'], { env })).toMatchObject({ code: 0, stderr: '' })
  const status = await it.run(['status', '--json'], { env })
  expect(status.json<{ totalSessions: number }>().totalSessions).toBe(1)
  expect(readdirSync(broken)).not.toContain(basename(called))
  // the stand-ins are what a command that needs git finds
  expect((await it.run(['list'], { env })).code).not.toBe(0)
  expect(readFileSync(called, 'utf8')).toContain('git')
})

test('the parts that are loaded on every call stay small', () => {
  const folder = dirname(builtProgram('cli'))
  const size = (start: string): number =>
    readdirSync(folder)
      .filter((name) => name.startsWith(start) && name.endsWith('.cjs'))
      .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
  expect(size('bin')).toBeLessThan(5_000)
  expect(size('quick-')).toBeLessThan(85_000)
})
