import { defineConfig } from '@playwright/test'

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
  retries: 0,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: process.env.PLAYWRIGHT_JSON_OUTPUT_NAME ? [['list'], ['json']] : [['list']],
  use: {
    viewport: { width: 1440, height: 900 },
    trace: 'retain-on-failure',
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
