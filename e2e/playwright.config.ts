import { defineConfig } from '@playwright/test'

/** How long Keyframe takes to answer is what this is about. */
const TIMED = 'bodies.spec.ts'

const asRoot = process.getuid?.() === 0

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: '../test-results/e2e',
  globalSetup: './global-setup.ts',
  // Specs stop and kill the app and its guests, so each worker has a lab and an app of its own (global-setup.ts), in which one
  // test runs at a time. Two of them are what 2 cores with real guests bear. A failure is a failure.
  workers: 2,
  fullyParallel: false,
  projects: [
    { name: 'beside', testIgnore: TIMED },
    // What is measured in ms is measured when the other browser is quiet.
    { name: 'alone', testMatch: TIMED, dependencies: ['beside'] },
  ],
  retries: 0,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: process.env.PLAYWRIGHT_JSON_OUTPUT_NAME ? [['list'], ['json']] : [['list']],
  use: {
    viewport: { width: 1440, height: 900 },
    // A trace records the network, and a context whose network Chromium told of in part never closes (Playwright's issue 42448):
    // a test that had passed failed 2 minutes later, in its teardown, where the page's streams had just been ended.
    trace: process.env.KEYFRAME_TRACE ? 'retain-on-failure' : 'off',
    // A request that a worker hands on is no request of the page's: offline.spec.ts alone is about it.
    serviceWorkers: 'block',
    launchOptions: {
      executablePath: process.env.KEYFRAME_CHROMIUM || '/usr/bin/chromium',
      // Chromium refuses its sandbox to root; the rest keeps it from calling home.
      args: [
        ...(asRoot ? ['--no-sandbox'] : []),
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
})
