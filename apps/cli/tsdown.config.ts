import { defineConfig } from 'tsdown'

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
    clean: false,
    inputOptions: { resolve: { conditionNames: ['@pcc/source', 'import', 'node', 'default'] } },
    // what the quick commands need is one more file, however much of it others share
    outputOptions: {
      advancedChunks: { groups: [{ name: 'quick', test: /apps[\\/]cli[\\/]src[\\/]quick\.ts$/ }] },
    },
    deps: { alwaysBundle: [/^(?!pg$)/], neverBundle: ['pg'], onlyBundle: false },
  },
])
