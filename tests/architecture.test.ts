import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Who may import whom; ARCHITECTURE.md shows the same list. A new arrow is an ADR. */
const ARROWS: Record<string, readonly string[]> = {
  '@pcc/store': [],
  '@pcc/worktree': [],
  '@pcc/claims': ['@pcc/store'],
  '@pcc/coordinator': ['@pcc/claims', '@pcc/store', '@pcc/worktree'],
  '@pcc/cli': ['@pcc/coordinator', '@pcc/mcp-server'],
  '@pcc/hooks': ['@pcc/coordinator', '@pcc/mcp-server'],
  '@pcc/mcp-server': ['@pcc/coordinator'],
  '@pcc/test-kit': [],
}

/** An app imports another one only to start it, here; the plugin's build takes in the server without an import. */
const STARTERS = ['apps/cli/src/commands/mcp-serve.ts']

const SDK = ['apps/mcp-server/src/serve.ts', 'apps/mcp-server/src/server.ts']

/** Files that may write to stdout: one stray line there breaks a protocol. */
const STDOUT = ['apps/cli/src/bin.ts', 'apps/hooks/src/bin.ts', 'apps/mcp-server/src/protocol-stdout.ts']

const CHILD_PROCESSES = [
  'apps/cli/src/launch.ts',
  'apps/hooks/src/bin.ts',
  'packages/coordinator/src/processes/ps.ts',
  'packages/worktree/src/git/run.ts',
]

interface Source {
  path: string
  text: string
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
}

const rooms = ['packages', 'apps'].flatMap((group) =>
  readdirSync(join(root, group)).map((name) => {
    const folder = join(root, group, name)
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      name: string
      dependencies?: Record<string, string>
      devDependencies?: Record<string, string>
    }
    const sources: Source[] = filesBelow(join(folder, 'src')).map((path) => ({
      path: relative(root, path),
      text: readFileSync(path, 'utf8'),
    }))
    return { manifest, sources }
  }),
)

const sources = rooms.flatMap((room) => room.sources)
const production = sources.filter((source) => !source.path.startsWith('packages/test-kit/'))

function imports(text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] as string)
}

function ours(specifiers: readonly string[]): string[] {
  const packages = specifiers
    .filter((name) => name.startsWith('@pcc/'))
    .map((name) => name.split('/').slice(0, 2).join('/'))
  return [...new Set(packages)].toSorted()
}

describe('the rooms', () => {
  test.each(rooms.map((room) => [room.manifest.name, room] as const))(
    '%s imports only along the arrows',
    (name, room) => {
      const allowed = ARROWS[name]
      expect(allowed, `${name} has no row in the list of arrows`).toBeDefined()
      const used = ours(room.sources.flatMap((source) => imports(source.text)))
      expect(used.filter((other) => !allowed?.includes(other))).toEqual([])
      // apps are bundles, so what they compose is among their development dependencies
      const declared = ours(Object.keys({ ...room.manifest.dependencies, ...room.manifest.devDependencies }))
      expect(declared.filter((other) => other !== '@pcc/test-kit' && !allowed?.includes(other))).toEqual([])
    },
  )

  test('no file reaches into another room past its doors', () => {
    const deep = production.filter((source) =>
      imports(source.text).some((name) => /^@pcc\/[^/]+\/(src|dist)/.test(name)),
    )
    expect(deep.map((source) => source.path)).toEqual([])
  })

  test('an app imports another only to start it', () => {
    const starters = production.filter((source) => imports(source.text).includes('@pcc/mcp-server'))
    expect(starters.map((source) => source.path)).toEqual(STARTERS)
  })

  test('the MCP SDK is imported in two files', () => {
    const importers = production.filter((source) =>
      imports(source.text).some((name) => name.startsWith('@modelcontextprotocol/')),
    )
    expect(importers.map((source) => source.path).toSorted()).toEqual(SDK)
  })

  test('no use case imports another use case', () => {
    const crossing = production.filter(
      (source) =>
        source.path.includes('/use-cases/') &&
        imports(source.text).some((name) => /^\.\/|use-cases/.test(name)),
    )
    expect(crossing.map((source) => source.path)).toEqual([])
  })

  test('no file is named after having no job', () => {
    const shapeless = sources.filter((source) =>
      /(utils?|helpers?|common|manager|service)\.ts$/i.test(source.path),
    )
    expect(shapeless.map((source) => source.path)).toEqual([])
  })
})

describe('the doors to the outside', () => {
  test('only the programs write to stdout, and nothing logs to the console', () => {
    const writers = production
      .filter((source) => /process\.stdout|console\./.test(source.text))
      .map((source) => source.path)
    expect(writers.filter((path) => !STDOUT.includes(path) && path !== 'apps/cli/src/launch.ts')).toEqual([])
  })

  test('processes are started in the listed files only', () => {
    const spawners = production
      .filter((source) => source.text.includes("'node:child_process'"))
      .map((source) => source.path)
    expect(spawners.toSorted()).toEqual(CHILD_PROCESSES)
  })

  test('no process is started through a shell made of strings', () => {
    const shells = production
      .filter((source) => /shell:\s*true|execSync\(/.test(source.text))
      .map((source) => source.path)
    expect(shells).toEqual([])
  })

  test('no test mocks a module', () => {
    const tests = ['packages', 'apps', 'tests']
      .flatMap((group) => filesBelow(join(root, group)))
      .filter((path) => path.endsWith('.test.ts') && !path.includes('node_modules'))
    const mocking = tests.filter((path) => /\bvi\.(mock|doMock|spyOn)\(/.test(readFileSync(path, 'utf8')))
    expect(mocking.map((path) => relative(root, path))).toEqual([])
  })

  test('only the runtime of each room asks for the time or for chance', () => {
    const clocks = production
      .filter(
        (source) =>
          source.path.startsWith('packages/') && /Date\.now\(|new Date\(\)|Math\.random\(/.test(source.text),
      )
      .map((source) => source.path)
    expect(clocks).toEqual(['packages/coordinator/src/runtime.ts'])
  })
})
