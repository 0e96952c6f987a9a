#!/usr/bin/env node
// The main job, shown in a throw-away repository: two agents in one repository, each in a tree of its own. No account is needed,
// the agents are stand-ins. Nothing outside a temporary folder is touched.
import { execFileSync, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { ensureInstalled, main, root, StepError, step, turbo } from './workspace.mjs'

const PROGRAM = join(root, 'apps/cli/dist/bin.cjs')
const LIMIT_MS = 30_000

/** The stand-in agent: changes the same file as its neighbour, says where, and works on until its stdin ends. */
const AGENT = `
import { appendFileSync, writeFileSync } from 'node:fs'
const [name, note] = process.argv.slice(2)
appendFileSync('story.txt', \`\${name} was here\\n\`)
writeFileSync(note, JSON.stringify({ pid: process.pid, tree: process.cwd() }))
process.stdin.on('end', () => process.exit(0)).resume()
`

function tell(text = '') {
  process.stdout.write(`${text}\n`)
}

function environment(base) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(GIT_|CLAUDE|PARALLEL_CC_|NODE_EXTRA_CA_CERTS$|npm_)/.test(name),
    ),
  )
  const nowhere = join(base, 'no-such-gitconfig')
  const git = { GIT_CONFIG_GLOBAL: nowhere, GIT_CONFIG_NOSYSTEM: '1' }
  return { ...env, ...git, HOME: join(base, 'home'), PARALLEL_CC_HOME: join(base, 'home', '.parallel-cc') }
}

function makeRepository(base, env) {
  const repo = join(base, 'story')
  mkdirSync(repo)
  const git = (...args) => execFileSync('git', args, { cwd: repo, env, encoding: 'utf8' })
  git('init', '--quiet', '--initial-branch=main')
  git('config', 'user.name', 'Demo')
  git('config', 'user.email', 'demo@example.com')
  writeFileSync(join(repo, 'story.txt'), 'Once upon a time\n')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'A beginning')
  return repo
}

function quoted(word) {
  return `'${word.replaceAll("'", "'\\''")}'`
}

/** Shows a command as a person would type it, and what it prints. */
function show(repo, env, ...args) {
  tell(`$ parallel-cc ${args.join(' ')}`)
  tell(execFileSync(process.execPath, [PROGRAM, ...args], { cwd: repo, env, encoding: 'utf8' }))
}

/** Starts a session whose agent is the stand-in, and waits until that agent works. */
async function startAgent(name, { base, repo, env }) {
  const note = join(base, `${name}.json`)
  const agent = [process.execPath, join(base, 'agent.mjs')].map(quoted).join(' ')
  const args = ['start', '--name', name, '--agent', agent, '--', name, note]
  tell(`$ parallel-cc start --name ${name} --agent 'node agent.mjs'`)
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: repo,
    env,
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  const exit = new Promise((resolve) => child.once('exit', resolve))
  for (let waited = 0; waited < LIMIT_MS && child.exitCode === null; waited += 50) {
    if (existsSync(note) && readFileSync(note, 'utf8') !== '') {
      return { name, child, exit, ...JSON.parse(readFileSync(note, 'utf8')) }
    }
    await wait(50)
  }
  child.kill()
  throw new StepError(`the session '${name}' did not start`)
}

/** Lets an agent end by itself; what does not is killed. */
async function endAgent({ child, exit, pid }) {
  child.stdin.end()
  const ended = await Promise.race([exit.then(() => true), wait(10_000, false, { ref: false })])
  if (ended) return
  for (const each of [pid, child.pid]) {
    try {
      process.kill(each, 'SIGKILL')
    } catch (error) {
      if (error.code !== 'ESRCH') throw error
    }
  }
}

async function demonstrate(base) {
  const env = environment(base)
  mkdirSync(env.HOME)
  const repo = makeRepository(base, env)
  writeFileSync(join(base, 'agent.mjs'), AGENT)
  const agents = []
  try {
    tell(`\nTwo agents, one repository: ${repo}\n`)
    for (const name of ['ann', 'ben']) agents.push(await startAgent(name, { base, repo, env }))
    tell('\nBoth changed story.txt, neither sees the other:\n')
    for (const { name, tree } of agents) {
      tell(`  ${name}: ${tree}`)
      tell(readFileSync(join(tree, 'story.txt'), 'utf8').replaceAll(/^(?=.)/gm, '      '))
    }
    show(repo, env, 'list')
    show(repo, env, 'status')
    if (agents[0].tree === agents[1].tree) throw new StepError('both agents work in the same tree')
  } finally {
    tell('Both agents end.')
    for (const agent of agents) await endAgent(agent)
    tell('The throw-away repository is removed.')
  }
}

await main(async () => {
  await step('dependencies', () => ensureInstalled({ quiet: true }))
  await step('build', () => turbo('build', { quiet: true }))
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'parallel-cc-demo-')))
  const remove = () => rmSync(base, { recursive: true, force: true, maxRetries: 5 })
  // The agents end with us, since their stdin does.
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      remove()
      process.exit(1)
    })
  }
  try {
    await demonstrate(base)
  } finally {
    remove()
  }
})
