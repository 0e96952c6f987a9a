import { readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { WorktreeError } from './errors.js'
import { git, gitEnvironment } from './git/run.js'
import { locateRepo } from './locate.js'

/** A repository, seen from one of its working trees. */
export interface Repo {
  /** Real path of the git common directory: the same from every working tree. */
  commonDir: string
  /** Real path of the git directory of the tree that was asked from. */
  gitDir: string
  /** Real path of the tree that was asked from; `null` in a bare repository. */
  topLevel: string | null
  /** Asked from the main working tree. */
  isMain: boolean
  /** The repository is bare: it has no main working tree. */
  isBare: boolean
  /** Real path of the main working tree; `null` when bare, or when only that tree knows (`--separate-git-dir`). */
  mainWorktree: string | null
  objectFormat: 'sha1' | 'sha256'
  /** HEAD of the asked tree resolves. */
  hasCommits: boolean
}

export interface GitVersion {
  major: number
  minor: number
  /** As git says it, for instance `2.39.5 (Apple Git-154)`. */
  text: string
}

const OLDEST = { major: 2, minor: 38 }
const versions = new Map<string, Promise<GitVersion>>()

/**
 * The version of the git that would run here. Asked once per search path.
 *
 * @throws WorktreeError `WORKTREE_GIT_MISSING`, `WORKTREE_GIT_FAILED`
 */
export function gitVersion(cwd: string): Promise<GitVersion> {
  const key = gitEnvironment().PATH ?? ''
  const known = versions.get(key)
  if (known !== undefined) return known
  const asked = askVersion(cwd)
  versions.set(key, asked)
  // a failure may be gone next time
  asked.catch(() => versions.delete(key))
  return asked
}

async function askVersion(cwd: string): Promise<GitVersion> {
  const { stdout } = await git(['--version'], { cwd })
  const text = stdout
    .toString('utf8')
    .trim()
    .replace(/^git version /, '')
  const match = /^(\d+)\.(\d+)/.exec(text)
  if (match === null) {
    throw new WorktreeError(
      'WORKTREE_GIT_FAILED',
      `git --version gave no version number: ${text.slice(0, 80)}`,
    )
  }
  return { major: Number(match[1]), minor: Number(match[2]), text }
}

async function requireGit(cwd: string): Promise<void> {
  const version = await gitVersion(cwd)
  if (version.major > OLDEST.major || (version.major === OLDEST.major && version.minor >= OLDEST.minor))
    return
  throw new WorktreeError('WORKTREE_GIT_TOO_OLD', `git ${version.text} is too old; 2.38 or newer is needed`, {
    hint: 'Install a newer git and put it first on the PATH.',
    data: { version: version.text, needed: '2.38' },
  })
}

function notARepo(directory: string, why: string, cause?: unknown): WorktreeError {
  return new WorktreeError('WORKTREE_NOT_A_REPO', `${directory} ${why}`, {
    hint: 'Go to a git repository or name one with --repo PATH; `git init` makes one.',
    data: { directory },
    cause,
  })
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    // whatever the reason, git could not be started there
    return false
  }
}

// git has no machine-readable answer for a refusal
const REFUSED =
  /dubious ownership|safe\.directory|safe\.bareRepository|cannot use bare repository|unsafe repository/

function refusal(directory: string, stderr: string): WorktreeError {
  const fatal =
    stderr.split('\n').find((line) => line.startsWith('fatal:')) ?? stderr.trim().split('\n')[0] ?? ''
  if (REFUSED.test(stderr)) {
    return new WorktreeError(
      'WORKTREE_REPO_REFUSED',
      `git refuses the repository at ${directory}: ${fatal.trim()}`,
      {
        hint: 'If you trust it: git config --global --add safe.directory <path of the repository>',
        data: { directory, stderr },
      },
    )
  }
  if (/not a git repository|must be run in a work tree/.test(stderr))
    return notARepo(directory, 'is not in a git repository')
  return new WorktreeError(
    'WORKTREE_GIT_FAILED',
    `git cannot read the repository at ${directory}: ${fatal.trim()}`,
    {
      hint: 'Run `git status` there; it says the same.',
      data: { directory, stderr },
    },
  )
}

// one process for all; HEAD comes last, since nothing is read after one that does not resolve
const QUESTIONS = [
  'rev-parse',
  '--path-format=absolute',
  '--is-bare-repository',
  '--show-object-format',
  '--git-dir',
  '--is-inside-work-tree',
  '--git-common-dir',
  '--is-inside-work-tree',
  '--show-cdup',
  '--revs-only',
  'HEAD',
]

interface Answers {
  bare: boolean
  objectFormat: 'sha1' | 'sha256'
  hasCommits: boolean
  gitDir: string
  commonDir: string
  topLevel: string | null
}

/** The paths may hold newlines, so the words between them are what the answer is cut at. */
function readAnswers(directory: string, stdout: string): Answers | null {
  const match = /^(true|false)\n(sha1|sha256)\n([\s\S]+?)\n(true|false)\n([\s\S]+?)\n\4\n([\s\S]*)$/.exec(
    stdout,
  )
  if (match === null) return null
  const [, bare, objectFormat, gitDir = '', inside, commonDir = '', rest = ''] = match
  const up = rest.replace(/(^|\n)[0-9a-f]{40,64}\n$/, '$1').replace(/\n$/, '')
  try {
    return {
      bare: bare === 'true',
      objectFormat: objectFormat === 'sha256' ? 'sha256' : 'sha1',
      hasCommits: /(^|\n)[0-9a-f]{40,64}\n$/.test(rest),
      gitDir: realpathSync(gitDir),
      commonDir: realpathSync(commonDir),
      topLevel: inside === 'true' ? realpathSync(resolve(realpathSync(directory), up)) : null,
    }
  } catch (error) {
    throw new WorktreeError('WORKTREE_FS_FAILED', `cannot read the repository at ${directory}`, {
      data: { directory, code: (error as NodeJS.ErrnoException).code ?? null },
      cause: error,
    })
  }
}

interface MainSettings {
  bare: boolean
  worktree: string | null
}

/** What the common directory's own configuration says of the main working tree, for a caller in a linked one. */
async function mainSettings(commonDir: string): Promise<MainSettings> {
  const args = [`--git-dir=${commonDir}`, 'config', '-z', '--get-regexp', '^core\\.(bare|worktree)$']
  const { stdout } = await git(args, { cwd: commonDir, okCodes: [0, 1] })
  const settings: MainSettings = { bare: false, worktree: null }
  for (const field of stdout.toString('utf8').split('\0')) {
    const at = field.indexOf('\n')
    const name = at === -1 ? field : field.slice(0, at)
    const value = at === -1 ? null : field.slice(at + 1)
    if (name === 'core.bare') settings.bare = value === null || /^(true|yes|on|[1-9]\d*)$/i.test(value)
    if (name === 'core.worktree' && value !== null) settings.worktree = value
  }
  return settings
}

function realOrNull(path: string): string | null {
  try {
    return realpathSync(path)
  } catch {
    // the main working tree may be gone while the linked ones live on
    return null
  }
}

/** The working tree whose `.git` is, or points to, this common directory. */
function treeOf(candidate: string, commonDir: string): string | null {
  const real = realOrNull(candidate)
  if (real === null) return null
  if (realOrNull(join(real, '.git')) === commonDir) return real
  try {
    const pointer = /^gitdir: ([\s\S]*?)[\r\n]*$/.exec(readFileSync(join(real, '.git'), 'utf8'))?.[1]
    return pointer !== undefined && realOrNull(resolve(real, pointer)) === commonDir ? real : null
  } catch {
    // no readable `.git` there: not a tree of this repository
    return null
  }
}

async function fromLinkedTree(answers: Answers): Promise<Pick<Repo, 'isBare' | 'mainWorktree'>> {
  const { commonDir } = answers
  const settings = await mainSettings(commonDir)
  if (settings.bare) return { isBare: true, mainWorktree: null }
  if (settings.worktree !== null) {
    return { isBare: false, mainWorktree: treeOf(resolve(commonDir, settings.worktree), commonDir) }
  }
  const beside = basename(commonDir) === '.git' ? treeOf(dirname(commonDir), commonDir) : null
  return { isBare: false, mainWorktree: beside }
}

/**
 * Finds the repository of a directory: from a sub-folder, through symbolic links, in a linked worktree (of a bare repository
 * too), in a submodule, inside `.git`. What git was told by `GIT_DIR` and its like is not listened to.
 *
 * @throws WorktreeError `WORKTREE_NOT_A_REPO`, `WORKTREE_REPO_REFUSED` (git's ownership check), `WORKTREE_GIT_MISSING`,
 * `WORKTREE_GIT_TOO_OLD`, `WORKTREE_GIT_FAILED`
 */
export async function openRepo(directory: string): Promise<Repo> {
  if (!isDirectory(directory)) throw notARepo(directory, 'is not a directory')
  const [, result] = await Promise.all([
    requireGit(directory),
    git(QUESTIONS, { cwd: directory, okCodes: [0, 128] }),
  ])
  const answers = readAnswers(directory, result.stdout.toString('utf8'))
  if (answers === null) throw refusal(directory, result.stderr)
  const { bare, objectFormat, hasCommits, gitDir, commonDir } = answers
  const base = { commonDir, gitDir, objectFormat, hasCommits }
  const linked = gitDir !== commonDir
  // inside a git directory git knows no working tree; the files next to it do
  const topLevel = bare ? null : (answers.topLevel ?? locateRepo(directory)?.topLevel ?? null)
  if (!linked) return { ...base, topLevel, isMain: topLevel !== null, isBare: bare, mainWorktree: topLevel }
  return { ...base, topLevel, isMain: false, ...(await fromLinkedTree(answers)) }
}
