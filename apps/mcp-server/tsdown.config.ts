import { defineConfig } from 'tsdown'
import { COMMONJS_PARSER, SHELL_GRAMMAR } from '../../tools/shell-grammar.ts'
import { WITHOUT_AJV } from '../../tools/without-ajv.ts'

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
    plugins: [WITHOUT_AJV],
    inputOptions: { resolve: { conditionNames: ['@pcc/source', 'import', 'node', 'default'] } },
    deps: {
      alwaysBundle: [/^(?!better-sqlite3|pg$)/],
      neverBundle: ['better-sqlite3', 'pg'],
      onlyBundle: false,
    },
  },
  {
    // the executable: one CommonJS file on the way that every session takes
    entry: ['src/bin.ts'],
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    dts: false,
    // less text to read at every start; names stay, for the sake of stack traces
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    plugins: [WITHOUT_AJV],
    clean: false,
    copy: [...SHELL_GRAMMAR],
    inputOptions: {
      resolve: { conditionNames: ['@pcc/source', 'import', 'node', 'default'], alias: COMMONJS_PARSER },
    },
    deps: { alwaysBundle: [/^(?!pg$)/], neverBundle: ['pg'], onlyBundle: false },
  },
])
