import { defineConfig } from 'tsdown'
import { SHELL_GRAMMAR } from '../../tools/shell-grammar.ts'

export default defineConfig({
  entry: ['src/index.ts', 'src/hot.ts', 'src/views.ts', 'src/hook-events.ts', 'src/edits.ts'],
  format: 'esm',
  platform: 'node',
  target: 'node20',
  dts: true,
  sourcemap: true,
  clean: true,
  fixedExtension: false,
  copy: [...SHELL_GRAMMAR],
})
