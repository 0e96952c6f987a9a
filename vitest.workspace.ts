import type { TestProjectConfiguration } from 'vitest/config'

const source = {
  extends: true as const,
  resolve: { conditions: ['@pcc/source'] },
  ssr: { resolve: { conditions: ['@pcc/source'] } },
}

/** The test projects. `real` needs the Claude Code client (`npm run client`) and is run by `npm run test:real`. */
const projects: TestProjectConfiguration[] = [
  {
    ...source,
    test: {
      name: 'main',
      include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'tests/**/*.test.ts'],
      exclude: ['**/real/**', '**/node_modules/**'],
    },
  },
  {
    ...source,
    test: { name: 'real', include: ['tests/real/**/*.test.ts'], fileParallelism: false },
  },
]

export default projects
