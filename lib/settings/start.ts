/** `npm start`: checks the settings, then serves the built app in this process. `--dev` serves it from source. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureMasterKey } from '../secrets/master-key.ts'
import { strictTransport } from '../server/response-headers.ts'
import { createGuardedServer } from '../server/serve.ts'
import { trustsAddress } from '../server/trusted-address.ts'
import { parseSettings, SettingsError, type Settings } from './settings.ts'

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)))

function fail(sentence: string): never {
  process.stderr.write(`keyframe: ${sentence}\n`)
  process.exit(1)
}

function readSettings(): Settings {
  try {
    return parseSettings(process.env)
  } catch (error) {
    if (error instanceof SettingsError) fail(error.message)
    throw error
  }
}

async function serve(dev: boolean, settings: Settings): Promise<void> {
  // Before Next is loaded: it reads them as its modules are evaluated.
  Object.assign(process.env, {
    NODE_ENV: dev ? 'development' : 'production',
    KEYFRAME_DATA: settings.dataDirectory,
  })
  process.chdir(root)
  const { default: next } = await import('next')
  let handle: (...args: Parameters<ReturnType<typeof app.getRequestHandler>>) => Promise<void> = async (
    _,
    response,
  ) => {
    response.writeHead(503).end()
  }
  const server = createGuardedServer(
    (request, response) => handle(request, response),
    new URL(settings.url).hostname.replace(/^\[|\]$/g, ''),
    {
      isProxy: (address) => trustsAddress(settings.trustedProxies, address),
      transport: strictTransport(settings.url, settings.hstsSubdomains),
    },
  )
  const app = next({ dev, dir: root, hostname: settings.host, port: settings.port, httpServer: server })
  // Before anything is opened: a port that is taken must not disturb whoever serves there.
  await new Promise<void>((done) => {
    server.once('error', (error) =>
      fail(`PORT: can't listen on ${settings.host}, port ${settings.port}: ${error.message}`),
    )
    server.listen(settings.port, settings.host, done)
  })
  await app.prepare()
  handle = app.getRequestHandler()
  process.stdout.write(`keyframe: serves ${settings.url}\n`)
}

// What this process writes is its own user's, whatever the shell or the service was started with.
process.umask(0o077)
const dev = process.argv.includes('--dev')
const settings = readSettings()
const dist = process.env.KEYFRAME_DIST || '.next'
if (!dev && !existsSync(join(root, dist, 'BUILD_ID')))
  fail(`the app is not built yet (there is no ${dist}). Build it first: npm run build`)
try {
  ensureMasterKey(settings)
} catch (error) {
  fail((error as Error).message)
}
await serve(dev, settings)
