import { defineConfig } from 'vitest/config'

// In this repository `longhaul` means its sources, not a build that may be old.
// 'import' is added where something is imported; said here, it would give a CommonJS package's require() ES modules too.
// Nor 'module': what lies there is for bundlers, and may be nothing that Node itself can load.
const conditions = ['longhaul-source', 'node']
const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
}
const exclude = ['**/dist/**', '**/node_modules/**']
/** Some of these are the files of others once more, on another database or store: what they import must be new. */
const ownProcess = 'packages/longhaul/src/uploads/**/*.test.ts'
const limits = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  pool: 'forks' as const,
  // Where many suites share two cores, a second try tells a starved test from a broken one. CI prints who needed it.
  retry: process.env['CI'] ? 1 : 0,
}

export default defineConfig({
  test: {
    // Most tests wait for processes and servers more than they compute.
    maxWorkers: 2,
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'examples/**/*.test.ts'],
          exclude: [...exclude, '**/*.golden.test.ts', ownProcess],
          ...limits,
          // Files that share a process share what they import; a process for each took most of the time.
          isolate: false,
        },
      },
      {
        ...shared,
        test: { name: 'unit-apart', include: [ownProcess], exclude, ...limits },
      },
      {
        ...shared,
        test: {
          name: 'integration',
          include: ['packages/*/tests/**/*.test.ts', 'examples/**/*.golden.test.ts'],
          exclude: [
            ...exclude,
            '**/{architecture,public-api,problems}.test.ts',
            '**/tests/faults/**',
          ],
          ...limits,
          testTimeout: 240_000,
          isolate: false,
        },
      },
      // The same files once more, on PostgreSQL and S3 (where an S3 server is installed).
      {
        ...shared,
        test: {
          name: 'cluster',
          include: [
            'packages/longhaul/tests/{compat-a,compat-b,compat-b-actions,compat-c,compat-d,compat-e,compat-b-callbacks,compat-b-parquet,compat-rows,doctor,http-*,worker-ends,nothing-left,checkpoints,roles,several-hosts,drain-checkpoint}.test.ts',
          ],
          // What these test is the clients' side.
          exclude: [...exclude, '**/http-{clients,compat-client*,python-client}.test.ts'],
          globalSetup: ['packages/longhaul/tests/harness/cluster-servers.ts'],
          ...limits,
          testTimeout: 240_000,
          isolate: false,
        },
      },
      {
        ...shared,
        test: {
          name: 'faults',
          include: ['packages/longhaul/tests/faults/**/*.test.ts'],
          exclude,
          ...limits,
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'rules',
          include: ['packages/longhaul/tests/{architecture,public-api,problems}.test.ts'],
          ...limits,
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          exclude: [...exclude, 'e2e/readme/**'],
          ...limits,
          // Whole demos, and torture until it has found something: minutes, where two other suites run beside them.
          testTimeout: 600_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'readme',
          include: ['e2e/readme/**/*.test.ts'],
          ...limits,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
})
