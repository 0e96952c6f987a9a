import { defineConfig, type UserConfig } from 'tsdown'
import { COMMONJS_PARSER, SHELL_GRAMMAR } from '../../tools/shell-grammar.ts'

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
