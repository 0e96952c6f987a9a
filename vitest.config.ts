import { defineConfig } from 'vitest/config'
import projects from './vitest.workspace.js'

export default defineConfig({
  test: {
    reporters: ['default', './tools/plain-reporter.ts'],
    setupFiles: ['./tools/fixed-seed.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // the default leaves one core idle, and most tests wait for processes
    maxWorkers: 2,
    projects,
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**', 'apps/*/src/**'],
      // What the tests stand on is no part of the product; much of it runs with the real client only.
      exclude: ['packages/test-kit/**'],
      reporter: ['text', 'json-summary'],
      thresholds: { lines: 85 },
    },
  },
})
