import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/**
 * Two projects. `unit` needs nothing but this repository and runs in every `npm run check`; `integration` talks to real servers and
 * real programs (restic, sshd, Ceph) and runs, a few files at a time, in `npm test`.
 */
const integrationTests = ['**/*.integration.test.ts', 'packages/*/test/**/*.test.ts', 'test/**/*.test.ts']
// Read when a process starts: threads that the tests start need a fifth of the time with the modules of the ones before.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('.cache/compile', import.meta.url))

const notOurs = ['**/node_modules/**', '**/.cache/**', 'data/**']

export default defineConfig({
  test: {
    globals: false,
    // What restic and holdfast cache of the tests' repositories stays out of the user's own cache.
    env: { XDG_CACHE_HOME: fileURLToPath(new URL('.cache/tests', import.meta.url)) },
    // The one second that it is otherwise is not enough on a machine with two cores that runs two files at once.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'tools/*.test.ts'],
          exclude: [...notOurs, ...integrationTests],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          maxWorkers: '100%',
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: integrationTests,
          exclude: notOurs,
          testTimeout: 600_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
          // After the unit tests, which fail sooner.
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
