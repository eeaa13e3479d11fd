import { defineConfig } from 'vitest/config';

// a page or a window shows late what a busy machine has no time for
const patient = { poll: { timeout: 30_000 } };

export default defineConfig({
  test: {
    // One project after the other. Jobs take all processors, and a VS Code shows late what it has no time for: one file at a
    // time.
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], maxWorkers: '100%', testTimeout: 60_000 } },
      {
        test: {
          name: 'job',
          sequence: { groupOrder: 1 },
          include: ['test/job/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'webview',
          sequence: { groupOrder: 2 },
          include: ['test/webview/**/*.test.ts'],
          maxWorkers: 2,
          expect: patient,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          sequence: { groupOrder: 3 },
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          expect: patient,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
