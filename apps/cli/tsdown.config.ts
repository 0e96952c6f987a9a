import { defineConfig, type Rolldown } from 'tsdown'
import { COMMONJS_PARSER, SHELL_GRAMMAR } from '../../tools/shell-grammar.ts'
import { WITHOUT_AJV } from '../../tools/without-ajv.ts'

const ASSERT = `
const differ = (message) => { throw new Error(message ?? 'unexpected value') }
export const strictEqual = (a, b, message) => { if (!Object.is(a, b)) differ(message) }
export const notStrictEqual = (a, b, message) => { if (Object.is(a, b)) differ(message) }
`

/** yargs asserts twice, for its own sake; with Node's `assert` all of Node's streams are loaded for that. */
const smallAssert: Rolldown.Plugin = {
  name: 'small-assert',
  resolveId: (id, importer) => (id === 'assert' && importer?.includes('yargs') ? '\0small-assert' : null),
  load: (id) => (id === '\0small-assert' ? ASSERT : null),
}

/** The words of our help are ASCII, whose width needs no segmenter with its tables; whatever else is measured as before. */
const quickWidth: Rolldown.Plugin = {
  name: 'quick-width',
  async resolveId(id, importer) {
    if (id !== 'string-width' || !/[\\/](cliui|wrap-ansi|yargs)[\\/]/.test(importer ?? '')) return null
    const full = await this.resolve(id, importer, { skipSelf: true })
    return full === null ? null : `\0quick-width:${full.id}`
  },
  load(id) {
    const [, full] = id.split('\0quick-width:')
    if (full === undefined) return null
    return `import full from ${JSON.stringify(full)}
export default (text, options) => /^[ -~]*$/.test(text) ? text.length : full(text, options)`
  },
}

export default defineConfig([
  {
    entry: ['src/index.ts'],
    format: 'esm',
    platform: 'node',
    target: 'node20',
    dts: true,
    sourcemap: true,
    clean: true,
    fixedExtension: false,
    inputOptions: { resolve: { conditionNames: ['@pcc/source', 'import', 'node', 'default'] } },
    deps: {
      alwaysBundle: [/^(?!better-sqlite3|pg$)/],
      neverBundle: ['better-sqlite3', 'pg'],
      onlyBundle: false,
    },
  },
  {
    // the program: CommonJS, all in it but the native module and pg, loaded piece by piece as a command needs it
    entry: ['src/bin.ts'],
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    dts: false,
    // less text to read at every start; names stay, for the sake of stack traces
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    clean: false,
    copy: [...SHELL_GRAMMAR],
    inputOptions: {
      resolve: { conditionNames: ['@pcc/source', 'import', 'node', 'default'], alias: COMMONJS_PARSER },
    },
    plugins: [smallAssert, quickWidth, WITHOUT_AJV],
    // what the quick commands need is one more file, however much of it others share
    outputOptions: {
      advancedChunks: { groups: [{ name: 'quick', test: /apps[\\/]cli[\\/]src[\\/]quick\.ts$/ }] },
    },
    deps: { alwaysBundle: [/^(?!pg$)/], neverBundle: ['pg'], onlyBundle: false },
  },
])
