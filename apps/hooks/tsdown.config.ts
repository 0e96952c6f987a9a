import { defineConfig, type Rolldown, type UserConfig } from 'tsdown'
import { COMMONJS_PARSER, SHELL_GRAMMAR } from '../../tools/shell-grammar.ts'
import { WITHOUT_AJV } from '../../tools/without-ajv.ts'

/** The bundler keeps its few lines of runtime in a file of their own; the program takes them in, to load one file instead of two. */
const inlineRuntime: Rolldown.Plugin = {
  name: 'inline-runtime',
  generateBundle(_options, bundle) {
    const chunks = Object.values(bundle).filter((file) => file.type === 'chunk')
    const runtime = chunks.find((chunk) => chunk.name === 'rolldown-runtime')
    const main = chunks.find((chunk) => chunk.isEntry)
    if (runtime === undefined || main === undefined) return
    const call = `require(\`./${runtime.fileName}\`)`
    if (main.code.split(call).length !== 2) this.error(`${call} does not stand in the program once`)
    main.code = main.code.replace(call, () => `(exports=>{${runtime.code};return exports})({})`)
  },
}

/** A program: one CommonJS file on the way that every session takes, and beside it what it seldom needs. */
function program(entry: string, outDir: string): UserConfig {
  return {
    entry: { bin: entry },
    outDir,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    dts: false,
    // less text to read at every start; names stay, for the sake of stack traces
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    clean: outDir !== 'dist',
    plugins: [inlineRuntime, WITHOUT_AJV],
    // what the program needs at once stands in its own file, however much of it the seldom parts share
    outputOptions: { advancedChunks: { groups: [{ name: 'bin', test: /[\\/]src[\\/]bin\.ts$/ }] } },
    copy: SHELL_GRAMMAR.map((from) => ({ from, to: outDir })),
    inputOptions: {
      resolve: { conditionNames: ['@pcc/source', 'import', 'node', 'default'], alias: COMMONJS_PARSER },
    },
    deps: { alwaysBundle: [/^(?!pg$)/], neverBundle: ['pg'], onlyBundle: false },
  }
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
  program('src/bin.ts', 'dist'),
  // the plugin is read in place and starts its programs by paths relative to itself
  program('src/bin.ts', 'plugin/hook'),
  program('../mcp-server/src/bin.ts', 'plugin/server'),
])
