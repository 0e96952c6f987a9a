import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { databaseFile, rowsOf } from './database.js'
import type { Installed } from './program.js'

interface Linked {
  path: string
  branch: string | null
  adminDir: string
}

function foldersIn(path: string): string[] {
  return existsSync(path) ? readdirSync(path).toSorted() : []
}

function filesBelow(path: string): string[] {
  if (!existsSync(path)) return []
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function linkedTrees(common: string): Linked[] {
  const admins = join(common, 'worktrees')
  return foldersIn(admins).map((name) => {
    const adminDir = join(admins, name)
    const read = (file: string): string =>
      existsSync(join(adminDir, file)) ? readFileSync(join(adminDir, file), 'utf8').trim() : ''
    const branch = read('HEAD').startsWith('ref: refs/heads/')
      ? read('HEAD').slice('ref: refs/heads/'.length)
      : null
    return { path: dirname(read('gitdir')), branch, adminDir }
  })
}

function branchesOf(it: Installed): string[] {
  return it.repo.git('for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads').split('\n')
}

/** Where the linked trees of the repository stand. */
export function treesFolder(it: Installed): string {
  return join(it.repo.base, `${basename(it.repo.root)}-worktrees`)
}

/** The git common directory. */
export function commonDir(it: Installed): string {
  return join(it.repo.root, '.git')
}

function wrongTrees(it: Installed, common: string): string[] {
  const trees = linkedTrees(common)
  const here = foldersIn(treesFolder(it)).filter((name) => name !== '.parallel-cc-trash')
  const registered = new Set(trees.map((tree) => tree.path))
  return [
    ...trees.filter((tree) => !existsSync(join(tree.path, '.git'))).map((tree) => `no tree at ${tree.path}`),
    ...trees
      .filter((tree) => !existsSync(join(tree.adminDir, 'parallel-cc.json')))
      .map((tree) => `no marker: ${tree.path}`),
    ...trees
      .filter((tree) => existsSync(join(tree.adminDir, 'locked')))
      .map((tree) => `locked: ${tree.path}`),
    ...here
      .filter((name) => !registered.has(join(treesFolder(it), name)))
      .map((name) => `a folder that is no tree: ${name}`),
    ...branchesOf(it)
      .filter((branch) => branch !== 'main' && !trees.some((tree) => tree.branch === branch))
      .map((branch) => `orphan branch ${branch}`),
  ]
}

function wrongJournals(it: Installed, common: string): string[] {
  const removals = join(common, 'parallel-cc', 'removals')
  const states = foldersIn(removals).map((id) => {
    const file = join(removals, id, 'manifest.json')
    return {
      id,
      state: existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { state: string }).state : 'none',
    }
  })
  const inTrash = foldersIn(join(treesFolder(it), '.parallel-cc-trash')).filter(
    (name) => name !== '.gitignore',
  )
  const held = states.filter((row) => row.state === 'removed').map((row) => row.id)
  return [
    ...foldersIn(join(common, 'parallel-cc', 'creations')).map((name) => `reservation left: ${name}`),
    ...states
      .filter((row) => !['removed', 'restored', 'purged'].includes(row.state))
      .map((row) => `removal ${row.id} is ${row.state}`),
    ...inTrash.filter((id) => !held.includes(id)).map((id) => `trash ${id} without a removal`),
    ...held.filter((id) => !inTrash.includes(id)).map((id) => `removal ${id} without its trash`),
  ]
}

function wrongRows(it: Installed): string[] {
  if (!existsSync(databaseFile(it))) return []
  const starting = rowsOf<{ id: string }>(
    it,
    `SELECT id FROM sessions WHERE ended_at IS NULL AND status = 'starting'`,
  )
  const [integrity] = rowsOf<{ integrity_check: string }>(it, 'PRAGMA integrity_check')
  return [
    ...starting.map((row) => `session ${row.id} is starting`),
    ...(integrity?.integrity_check === 'ok' ? [] : [`the database: ${JSON.stringify(integrity)}`]),
  ]
}

function fsck(it: Installed): string[] {
  try {
    execFileSync('git', ['fsck', '--no-dangling', '--no-progress'], {
      cwd: it.repo.root,
      env: it.env,
      stdio: 'pipe',
    })
    return []
  } catch (error) {
    return [`git fsck: ${String((error as { stderr?: Buffer }).stderr)}`]
  }
}

/** What is left over or does not fit together in a repository where no command runs. Nothing, when all is well. */
export function leftovers(it: Installed): string[] {
  const common = commonDir(it)
  const locks = filesBelow(common).filter((path) => path.endsWith('.lock'))
  return [
    ...locks.map((path) => `lock ${path}`),
    ...wrongTrees(it, common),
    ...wrongJournals(it, common),
    ...wrongRows(it),
    ...fsck(it),
  ]
}

/** All that a command could change: refs, trees, journals and the sessions that have not ended. */
export function stateOf(it: Installed): unknown {
  const common = commonDir(it)
  return {
    refs: it.repo.git('for-each-ref', '--format=%(refname) %(objectname)'),
    trees: linkedTrees(common),
    folders: foldersIn(treesFolder(it)),
    journals: filesBelow(join(common, 'parallel-cc'))
      // each holder of a removal leaves a number
      .filter((path) => !/lock-\d+\.json$/.test(path))
      .map((path) => [path, readFileSync(path, 'base64')]),
    sessions: rowsOf(
      it,
      'SELECT id, pid, name, status, worktree_path FROM sessions WHERE ended_at IS NULL ORDER BY id',
    ),
  }
}

/** The processes that inherited this installation's environment: ours, git's, the holder of the agent, the agent. */
export function processesOf(it: Installed): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(
          `PARALLEL_CC_HOME=${it.env['PARALLEL_CC_HOME']}`,
        )
      } catch {
        // it has ended, or is another user's
        return false
      }
    })
}
