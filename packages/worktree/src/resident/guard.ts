import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Extensions that change nothing about how refs and commits are stored. */
const HARMLESS_EXTENSIONS: ReadonlySet<string> = new Set(['noop', 'preciousobjects', 'worktreeconfig'])

interface ConfigEntry {
  section: string
  key: string
  value: string
}

/** The entries of a git config file, or `null` when a line is not understood. */
function parseConfig(text: string): ConfigEntry[] | null {
  const entries: ConfigEntry[] = []
  let section = ''
  for (const line of text.replace(/\\\r?\n/g, ' ').split(/\r?\n/)) {
    let rest = line.trim()
    const header = /^\[\s*([\w.-]+)(?:\s+"(?:[^"\\]|\\.)*")?\s*\]/.exec(rest)
    if (header !== null) {
      section = (header[1] ?? '').toLowerCase()
      rest = rest.slice(header[0].length).trim()
    }
    if (rest === '' || /^[#;]/.test(rest)) continue
    const entry = /^([a-z][\w-]*)\s*(?:=\s*(.*))?$/i.exec(rest)
    if (entry === null) return null
    entries.push({ section, key: (entry[1] ?? '').toLowerCase(), value: (entry[2] ?? 'true').trim() })
  }
  return entries
}

function refusedByConfig(commonDir: string): string | null {
  const entries = parseConfig(readFileSync(join(commonDir, 'config'), 'utf8'))
  if (entries === null) return 'its config has a line that is not understood'
  for (const { section, key, value } of entries) {
    if (section === 'core' && key === 'repositoryformatversion' && !/^[01]$/.test(value)) {
      return `repository format ${value} is unknown`
    }
    const isPlain = HARMLESS_EXTENSIONS.has(key) || (key === 'objectformat' && /^"?sha1"?$/i.test(value))
    if (section.split('.')[0] === 'extensions' && !isPlain) return `extension ${key} changes how it is stored`
    if (section === 'remote' && (key === 'promisor' || key === 'partialclonefilter'))
      return 'it is a partial clone'
  }
  return null
}

/** Files and folders whose presence makes an answer read without git wrong or impossible. */
const TELLTALES: readonly (readonly [path: string, reason: string])[] = [
  ['commondir', 'this is a linked worktree, not the common directory'],
  ['reftable', 'its refs are in a reftable'],
  ['shallow', 'it is a shallow clone'],
  ['info/grafts', 'it has grafts'],
  ['objects/info/alternates', 'it borrows objects from another repository'],
  ['objects/info/http-alternates', 'it borrows objects from another repository'],
]

function hasReplacements(commonDir: string): boolean {
  const loose = join(commonDir, 'refs', 'replace')
  if (existsSync(loose) && readdirSync(loose).length > 0) return true
  const packed = join(commonDir, 'packed-refs')
  return existsSync(packed) && / refs\/replace\//.test(readFileSync(packed, 'latin1'))
}

/**
 * Why a repository may not be read without git, or `null` when it is a plain SHA-1 repository with its refs in files and all of its
 * objects in place. Reads a handful of small files. Index, working tree, filters and sparse checkout do not matter: they are never read.
 */
export function refusalOf(commonDir: string): string | null {
  try {
    if (!lstatSync(join(commonDir, 'HEAD')).isFile()) return 'its HEAD is not a plain file'
    for (const [path, reason] of TELLTALES) if (existsSync(join(commonDir, path))) return reason
    if (hasReplacements(commonDir)) return 'it has replacement objects'
    const packs = join(commonDir, 'objects', 'pack')
    if (existsSync(packs) && readdirSync(packs).some((name) => name.endsWith('.promisor')))
      return 'it is a partial clone'
    return refusedByConfig(commonDir)
  } catch (error) {
    return `it could not be looked at (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`
  }
}
