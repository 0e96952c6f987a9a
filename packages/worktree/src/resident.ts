import fs, { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import git from 'isomorphic-git'
import { WorktreeError } from './errors.js'
import { refusalOf } from './resident/guard.js'

export interface Person {
  name: string
  email: string
  /** Seconds since 1970, UTC. */
  at: number
}

export interface CommitFacts {
  id: string
  tree: string
  parents: string[]
  author: Person
  committer: Person
  message: string
}

/** The repository is not plain, so this reader would answer wrongly or not at all; ask git instead. */
export interface Refusal {
  refused: string
}

/**
 * Reads refs and commits of a common directory inside this process, for one that lives long: no process is started. Every method looks
 * again whether the repository is still plain.
 *
 * All methods throw WorktreeError `WORKTREE_REPO_REFUSED` when it no longer is, and `WORKTREE_BAD_REF` for a name or id that is not there.
 */
export interface ResidentReader {
  /** Branch names with their commit ids. */
  branches(): Promise<Map<string, string>>
  /** HEAD of the main worktree (of a bare repository: its own), never a linked one's: its branch, `null` when detached; its commit, `null` when unborn. */
  head(): Promise<{ branch: string | null; id: string | null }>
  commit(id: string): Promise<CommitFacts>
  /** As `git merge-base --is-ancestor`; `too-far` when `maxCommits` were read without an answer. */
  isAncestor(ancestor: string, descendant: string): Promise<boolean | 'too-far'>
  /** As `git merge-base --all`, sorted; `too-far` when a history is longer than `maxCommits`. */
  mergeBases(one: string, other: string): Promise<string[] | 'too-far'>
}

export interface ResidentOptions {
  /** How many commits a question about histories may read; git is faster on long ones. @default 1000 */
  maxCommits?: number
}

class PlainReader implements ResidentReader {
  readonly #gitdir: string
  readonly #maxCommits: number
  #cache: object = {}
  #packsAt = -1

  constructor(gitdir: string, maxCommits: number) {
    this.#gitdir = gitdir
    this.#maxCommits = maxCommits
  }

  /** What every call begins with: still plain, and no memory of packs that a garbage collection replaced. */
  #check(): { fs: typeof fs; gitdir: string; cache: object } {
    const refused = refusalOf(this.#gitdir)
    if (refused !== null) {
      throw new WorktreeError(
        'WORKTREE_REPO_REFUSED',
        `${this.#gitdir} cannot be read without git: ${refused}`,
        {
          hint: 'Ask git instead.',
          data: { commonDir: this.#gitdir, refused },
        },
      )
    }
    const packs = join(this.#gitdir, 'objects', 'pack')
    const packsAt = existsSync(packs) ? statSync(packs).mtimeMs : 0
    if (packsAt !== this.#packsAt) this.#cache = {}
    this.#packsAt = packsAt
    return { fs, gitdir: this.#gitdir, cache: this.#cache }
  }

  #packedHeads(): Map<string, string> {
    const path = join(this.#gitdir, 'packed-refs')
    const heads = new Map<string, string>()
    if (!existsSync(path)) return heads
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      const match = /^([0-9a-f]{40}) refs\/heads\/(.+)$/.exec(line)
      if (match !== null) heads.set(match[2] ?? '', match[1] ?? '')
    }
    return heads
  }

  async branches(): Promise<Map<string, string>> {
    const { gitdir } = this.#check()
    const heads = new Map<string, string>()
    const names = await git.listBranches({ fs, gitdir })
    const packed = this.#packedHeads()
    for (const name of names) {
      // resolveRef reads all of packed-refs again for each name, so it is asked for loose refs only
      const isLoose = existsSync(join(gitdir, 'refs', 'heads', name))
      const known = isLoose ? undefined : packed.get(name)
      heads.set(name, known ?? (await this.#resolve(`refs/heads/${name}`)))
    }
    return heads
  }

  async #resolve(ref: string): Promise<string> {
    try {
      return await git.resolveRef({ fs, gitdir: this.#gitdir, ref })
    } catch (error) {
      throw isAbsence(error) ? badRef(ref, error) : error
    }
  }

  async head(): Promise<{ branch: string | null; id: string | null }> {
    const { gitdir } = this.#check()
    const text = readFileSync(join(gitdir, 'HEAD'), 'utf8').trim()
    if (!text.startsWith('ref: ')) return { branch: null, id: text }
    const ref = text.slice('ref: '.length)
    const branch = ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : null
    try {
      return { branch, id: await git.resolveRef({ fs, gitdir, ref }) }
    } catch (error) {
      if (isAbsence(error)) return { branch, id: null }
      throw error
    }
  }

  async commit(id: string): Promise<CommitFacts> {
    return this.#read(this.#check(), id)
  }

  async #read(place: { fs: typeof fs; gitdir: string; cache: object }, id: string): Promise<CommitFacts> {
    try {
      const { oid, commit } = await git.readCommit({ ...place, oid: id })
      const { tree, parent, author, committer, message } = commit
      const person = ({ name, email, timestamp }: typeof author): Person => ({ name, email, at: timestamp })
      return { id: oid, tree, parents: parent, author: person(author), committer: person(committer), message }
    } catch (error) {
      throw isAbsence(error) ? badRef(id, error) : error
    }
  }

  async isAncestor(ancestor: string, descendant: string): Promise<boolean | 'too-far'> {
    const place = this.#check()
    await this.#read(place, ancestor)
    const seen = new Set([descendant])
    const queue = [descendant]
    for (let at = 0; at < queue.length; at += 1) {
      const id = queue[at] ?? ''
      if (id === ancestor) return true
      if (at >= this.#maxCommits) return 'too-far'
      for (const parent of (await this.#read(place, id)).parents) {
        if (seen.has(parent)) continue
        seen.add(parent)
        queue.push(parent)
      }
    }
    return false
  }

  async mergeBases(one: string, other: string): Promise<string[] | 'too-far'> {
    const place = this.#check()
    const parents = new Map<string, readonly string[]>()
    const history = async (from: string): Promise<Set<string> | null> => {
      const seen = new Set([from])
      for (const id of seen) {
        if (seen.size > this.#maxCommits) return null
        const known = parents.get(id) ?? (await this.#read(place, id)).parents
        parents.set(id, known)
        for (const parent of known) seen.add(parent)
      }
      return seen
    }
    const [mine, theirs] = [await history(one), await history(other)]
    if (mine === null || theirs === null) return 'too-far'
    const common = new Set([...mine].filter((id) => theirs.has(id)))
    const inner = new Set<string>()
    for (const id of common) for (const parent of parents.get(id) ?? []) inner.add(parent)
    return [...common].filter((id) => !inner.has(id)).toSorted()
  }
}

/** isomorphic-git's way to say that a name or object is not there, or is no commit. */
function isAbsence(error: unknown): boolean {
  return ['NotFoundError', 'ObjectTypeError'].includes((error as { code?: string }).code ?? '')
}

function badRef(ref: string, cause: unknown): WorktreeError {
  return new WorktreeError('WORKTREE_BAD_REF', `'${ref}' is not in this repository`, {
    hint: 'It may have been deleted or packed away in between; ask again, or ask git.',
    data: { ref },
    cause,
  })
}

/**
 * Opens a reader on a git common directory, or says why git has to be asked. Never give it the git directory of a linked worktree (it is
 * refused); nothing is ever written.
 */
export async function openResidentReader(
  commonDir: string,
  options: ResidentOptions = {},
): Promise<ResidentReader | Refusal> {
  const refused = refusalOf(commonDir)
  return refused === null ? new PlainReader(commonDir, options.maxCommits ?? 1000) : { refused }
}
