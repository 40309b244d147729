import { defineConfig } from 'vitest/config'
import SlowestFirst from './test/slowest-first.ts'

/** `walls` needs nothing and is part of `npm run check`; the rest shares one PostgreSQL with a database per file. */
const shared = { testTimeout: 60_000, hookTimeout: 120_000 }

export default defineConfig({
  test: {
    // Two cores: one worker tests, the other is the database.
    maxWorkers: 2,
    sequence: { sequencer: SlowestFirst },
    reporters: ['./test/reporter.ts'],
    projects: [
      { test: { ...shared, name: 'walls', include: ['test/architecture/**/*.test.ts'] } },
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['src/**/*.test.ts', 'simulator/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['**/*.db.test.ts', 'test/architecture/**', 'test/conformance/**'],
        },
      },
      {
        test: {
          ...shared,
          name: 'database',
          include: ['src/**/*.db.test.ts', 'test/**/*.db.test.ts'],
          globalSetup: ['./test/support/postgres.ts'],
        },
      },
      {
        test: {
          ...shared,
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
        },
      },
    ],
  },
})
