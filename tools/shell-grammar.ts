import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const coordinator = createRequire(
  fileURLToPath(new URL('../packages/coordinator/package.json', import.meta.url)),
)

/** What the reader of shell commands loads at its first use; it lies beside the program that loads it. */
export const SHELL_GRAMMAR: readonly string[] = [
  coordinator.resolve('web-tree-sitter/web-tree-sitter.wasm'),
  coordinator.resolve('tree-sitter-bash/tree-sitter-bash.wasm'),
]

/** Its other build has a `require` of its own making, which a CommonJS bundle takes away from it. */
export const COMMONJS_PARSER: Readonly<Record<string, string>> = {
  'web-tree-sitter': coordinator.resolve('web-tree-sitter'),
}
