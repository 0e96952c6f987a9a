import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { rolldown } from 'rolldown'

export interface BundleOptions {
  /** Packages that stay imports; they are found from the entry's own package. @default ['better-sqlite3', 'pg-native'] */
  external?: (string | RegExp)[]
}

const bundles = new Map<string, Promise<string>>()

function packageOf(file: string): string {
  let dir = dirname(file)
  while (!existsSync(join(dir, 'package.json'))) dir = dirname(dir)
  return dir
}

async function build(entry: string, external: (string | RegExp)[]): Promise<string> {
  const bundle = await rolldown({
    input: entry,
    platform: 'node',
    external,
    resolve: { conditionNames: ['@pcc/source', 'node', 'import', 'default'] },
    logLevel: 'silent',
  })
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false, sourcemap: 'inline' })
  await bundle.close()
  const dir = join(packageOf(entry), 'node_modules', '.cache', 'pcc-fixtures')
  mkdirSync(dir, { recursive: true })
  const file = join(dir, `${basename(entry).replace(/\.ts$/, '')}.mjs`)
  // several test processes may build the same fixture: each sees a whole file
  const temporary = `${file}.${process.pid}`
  writeFileSync(temporary, output[0].code)
  renameSync(temporary, file)
  return file
}

/**
 * Bundles a TypeScript program with the workspace's sources into one JavaScript file, for tests that start or kill real processes.
 * Built once per test process; returns the file, to be run with `process.execPath`.
 */
export function bundleFixture(entryTs: string, options: BundleOptions = {}): Promise<string> {
  const known = bundles.get(entryTs)
  if (known !== undefined) return known
  const built = build(entryTs, options.external ?? ['better-sqlite3', 'pg-native'])
  bundles.set(entryTs, built)
  return built
}
