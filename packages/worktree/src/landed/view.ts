import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { type GitResult, git } from '../git/run.js'

const EMPTY_TREES = {
  sha1: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  sha256: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
} as const

type ObjectFormat = keyof typeof EMPTY_TREES

/** A throw-away commit that exists only inside a view: what is needed to give two trees the merge base one wants. */
interface StandIn {
  tree: string
  parents: readonly string[]
}

export interface TreeEntry {
  mode: string
  id: string
}

/** The name that `addTree` gives to an entry. */
export function entryName(place: number): string {
  return String(place).padStart(8, '0')
}

/**
 * A repository's objects seen from a temporary git directory: none of its config, attributes, hooks, refs, replacements or grafts apply,
 * so no program that the repository names can run and no setting bends an answer; what git writes while merging goes to the temporary
 * directory and never into the repository.
 */
export interface ObjectView {
  readonly emptyTree: string
  /** True when objects may be absent because a partial clone has not fetched them; a view never fetches. */
  readonly partial: boolean
  run(args: readonly string[], options?: ViewRunOptions): Promise<GitResult>
  /** Adds a throw-away commit to the view, there from the next `run` on, and returns its id. */
  addCommit(standIn: StandIn): string
  /** Adds a throw-away flat tree to the view, there from the next `run` on; entries are named by their place in the list. */
  addTree(entries: readonly (TreeEntry | null)[]): string
  close(): void
}

interface ViewRunOptions {
  input?: string | Buffer
  okCodes?: readonly number[]
}

export interface ViewOptions {
  commonDir: string
  format: ObjectFormat
  signal?: AbortSignal | undefined
}

function isPartialClone(objects: string): boolean {
  const packs = join(objects, 'pack')
  return existsSync(packs) && readdirSync(packs).some((name) => name.endsWith('.promisor'))
}

/** Every setting that could bend an answer is written out, whatever git's defaults become. */
function configText(format: ObjectFormat, dir: string): string {
  const lines = [
    '[core]',
    'bare = true',
    `repositoryFormatVersion = ${format === 'sha1' ? 0 : 1}`,
    `attributesFile = ${JSON.stringify(join(dir, 'no-attributes'))}`,
    'quotePath = true',
    // a larger file is compared as a whole, so that the memory needed has a bound
    'bigFileThreshold = 8m',
    '[merge]',
    'renames = true',
    'directoryRenames = false',
    'renameLimit = 2000',
    ...(format === 'sha1' ? [] : ['[extensions]', 'objectFormat = sha256']),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** As git reads a line of `info/alternates`: quoted, so that no character of the path has a meaning of its own. */
function alternatesLine(path: string): string {
  const quoted = path
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
  return `"${quoted}"\n`
}

function layOut(dir: string, options: ViewOptions): void {
  const objects = join(options.commonDir, 'objects')
  mkdirSync(join(dir, 'objects', 'info'), { recursive: true })
  mkdirSync(join(dir, 'refs'))
  writeFileSync(join(dir, 'HEAD'), 'ref: refs/heads/none\n')
  writeFileSync(join(dir, 'config'), configText(options.format, dir))
  writeFileSync(join(dir, 'objects', 'info', 'alternates'), alternatesLine(objects))
  const shallow = join(options.commonDir, 'shallow')
  if (existsSync(shallow)) copyFileSync(shallow, join(dir, 'shallow'))
}

const PACK_TYPES = { commit: 1, tree: 2 } as const

/** An object as a pack holds it: type and size in a number of varying length, then the compressed body. */
function packed(type: keyof typeof PACK_TYPES, body: Buffer): Buffer {
  const head: number[] = []
  let byte = (PACK_TYPES[type] << 4) | (body.length & 15)
  for (let rest = body.length >>> 4; rest > 0; rest >>>= 7) {
    head.push(byte | 0x80)
    byte = rest & 0x7f
  }
  head.push(byte)
  return Buffer.concat([Buffer.from(head), deflateSync(body, { level: 1 })])
}

function asPack(objects: readonly Buffer[], format: ObjectFormat): Buffer {
  const head = Buffer.alloc(12)
  head.write('PACK', 'latin1')
  head.writeUInt32BE(2, 4)
  head.writeUInt32BE(objects.length, 8)
  const content = Buffer.concat([head, ...objects])
  return Buffer.concat([content, createHash(format).update(content).digest()])
}

function commitBody({ tree, parents }: StandIn): Buffer {
  const who = 'view <view@invalid> 0 +0000'
  const lines = parents.map((id) => `parent ${id}\n`).join('')
  return Buffer.from(`tree ${tree}\n${lines}author ${who}\ncommitter ${who}\n\n`)
}

function treeBody(entries: readonly (TreeEntry | null)[]): Buffer {
  const parts: Buffer[] = []
  for (const [place, entry] of entries.entries()) {
    if (entry === null) continue
    const mode = entry.mode.replace(/^0+/, '')
    parts.push(Buffer.from(`${mode} ${entryName(place)}\0`), Buffer.from(entry.id, 'hex'))
  }
  return Buffer.concat(parts)
}

/** Opens a view on a repository's objects. The caller closes it, which removes its temporary directory. */
export function openObjectView(options: ViewOptions): ObjectView {
  const dir = mkdtempSync(join(tmpdir(), 'parallel-cc-view-'))
  layOut(dir, options)
  const env = {
    GIT_DIR: dir,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: join(dir, 'no-config'),
    GIT_CONFIG_SYSTEM: join(dir, 'no-config'),
    GIT_ATTR_NOSYSTEM: '1',
    GIT_EXTERNAL_DIFF: '',
    GIT_DIFF_OPTS: '',
  }
  const added = new Set<string>()
  let waiting: Buffer[] = []
  const add = (type: keyof typeof PACK_TYPES, body: Buffer): string => {
    const id = createHash(options.format).update(`${type} ${body.length}\0`).update(body).digest('hex')
    if (!added.has(id)) waiting.push(packed(type, body))
    added.add(id)
    return id
  }
  const start = (args: readonly string[], run: ViewRunOptions = {}): Promise<GitResult> =>
    git(args, { cwd: dir, env, ...run, ...(options.signal ? { signal: options.signal } : {}) })
  return {
    emptyTree: EMPTY_TREES[options.format],
    partial: isPartialClone(join(options.commonDir, 'objects')),
    async run(args, run) {
      if (waiting.length > 0) {
        const input = asPack(waiting, options.format)
        waiting = []
        await start(['index-pack', '--stdin', '--threads=1'], { input })
      }
      return start(args, run)
    },
    addCommit: (standIn) => add('commit', commitBody(standIn)),
    addTree: (entries) => add('tree', treeBody(entries)),
    close: () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }),
  }
}
