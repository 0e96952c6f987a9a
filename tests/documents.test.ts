import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CONFIG_KEYS, SETTINGS } from '@pcc/coordinator'
import { describe, expect, test } from 'vitest'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

describe('docs/config.md', () => {
  test.each(CONFIG_KEYS.map((key) => [key] as const))('shows %s with its default', (key) => {
    const row = read('docs/config.md')
      .split('\n')
      .find((line) => line.startsWith(`| \`${key}\` |`))
    expect(row, `no row for ${key}`).toBeDefined()
    const value = SETTINGS[key].default
    const shown = value === null || (Array.isArray(value) && value.length === 0) ? '' : `\`${String(value)}\``
    expect(row?.split('|')[2]?.trim()).toBe(shown)
  })
})

test('docs/errors.md has a row for each error code with its exit code, and no other', () => {
  const names: Record<string, number> = {
    bug: 1,
    usage: 2,
    no: 3,
    precondition: 4,
    notFound: 5,
    environment: 6,
  }
  const table = [...read('apps/cli/src/exit-codes.ts').matchAll(/^ {2}([A-Z_]+): EXIT\.(\w+),$/gm)]
  const expected = table.map(([, code, name]) => `${code} ${names[name as string]}`).toSorted()
  const shown = [...read('docs/errors.md').matchAll(/^\| `([A-Z_]+)` \| (\d) \|/gm)].map(
    ([, code, exit]) => `${code} ${exit}`,
  )
  expect(expected.length).toBeGreaterThan(30)
  expect(shown.toSorted()).toEqual(expected)
})

test.each([
  ['README.md', 200],
  ['ARCHITECTURE.md', 150],
  ['CONTRIBUTING.md', 120],
])('%s stays within %i lines', (path, most) => {
  expect(read(path).split('\n').length).toBeLessThanOrEqual(most)
})

test('the arrows in ARCHITECTURE.md are those that the imports are checked against', () => {
  const arrows =
    /^Arrows, all of them: (.*)$/m.exec(read('ARCHITECTURE.md').replace(/(`|to)\n/g, '$1 '))?.[1] ?? ''
  expect(arrows).toContain('`coordinator → store, worktree, claims`')
  expect(arrows).toContain('`cli → coordinator`')
  expect(arrows).toContain('`hooks → coordinator`')
  expect(arrows).toContain('`cli → mcp-server` only to start it')
  expect(arrows).toContain('`hooks → mcp-server` only in the build')
})
