import { readFileSync } from 'node:fs'
import { NextRequest } from 'next/server'
import { afterEach, expect, it } from 'vitest'
import config from '../../next.config.js'
import { proxy } from '../../proxy.ts'
import { forgetSettings } from '../settings/settings.ts'
import { NOTHING_POLICY } from './response-headers.ts'

// What proxy.ts and next.config.js say to browsers together; headers.spec.ts looks at the answers of a build.

afterEach(() => {
  delete process.env.KEYFRAME_URL
  delete process.env.KEYFRAME_HSTS_SUBDOMAINS
  forgetSettings()
})
const PATHS = [
  '/',
  '/login',
  '/setup/x',
  '/s/x',
  '/s/x/events',
  '/api/health',
  '/api/jobs/x',
  '/api/events',
  '/hosts/lab/vms/web',
  '/nothing/here',
  '/.git/config',
  '/_next/image',
]
const ask = (path: string, method = 'GET', headers: Record<string, string> = {}) =>
  proxy(new NextRequest(`http://127.0.0.1:3000${path}`, { method, headers })).headers
const ofConfig = async (source: string) =>
  Object.fromEntries(
    (await config.headers!())
      .find((each) => each.source === source)!
      .headers.map(({ key, value }) => [key.toLowerCase(), value]),
  )

it('every answer says what it may do, or leads to the sign-in page, and is kept by nobody', () => {
  for (const path of PATHS)
    for (const method of ['GET', 'POST']) {
      const headers = ask(path, method)
      const policy = headers.get('content-security-policy')
      expect([path, policy]).toEqual([
        path,
        expect.stringMatching(
          /^(?=.*default-src 'none')(?=.*frame-ancestors 'none')(?=.*base-uri 'none')(?=.*object-src 'none')/,
        ),
      ])
      expect([path, headers.get('cache-control')]).toEqual([path, 'no-store'])
    }
})

it('files of the build and answers without a policy of their own run nothing and are framed by nobody; no type is guessed, and no address goes elsewhere', async () => {
  const all = await ofConfig('/:path*')
  expect(all).toMatchObject({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  })
  expect(all['content-security-policy']).toBe(NOTHING_POLICY)
  expect(NOTHING_POLICY.split('; ').sort()).toEqual([
    "base-uri 'none'",
    "default-src 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ])
  expect(await ofConfig('/s/:path*')).toMatchObject({ 'referrer-policy': 'no-referrer' })
})

it('no answer opens itself to another origin', async () => {
  const origin = { origin: 'https://evil.example', 'access-control-request-method': 'POST' }
  for (const path of PATHS)
    expect([
      path,
      [...ask(path, 'GET', origin).keys()].filter((name) => name.startsWith('access-control-')),
    ]).toEqual([path, []])
  expect(JSON.stringify(await config.headers!()).toLowerCase()).not.toContain('access-control')
})

it('over https every answer says that it is to be reached so for a year, with the names below it where that is set', () => {
  Object.assign(process.env, { KEYFRAME_URL: 'https://keyframe.example', KEYFRAME_HSTS_SUBDOMAINS: 'yes' })
  forgetSettings()
  for (const path of [...PATHS, '/favicon.ico', '/sw.js'])
    expect([path, ask(path).get('strict-transport-security')]).toEqual([
      path,
      'max-age=31536000; includeSubDomains',
    ])
})

it('nothing but what is public is answered without a session, whatever lies on the disk', () => {
  for (const path of ['/.git/config', '/.env', '/package.json', '/data/keyframe.db', '/lib/', '/public/'])
    expect([path, ask(path).get('location')]).toEqual([path, expect.stringContaining('/login?next=')])
})

const deployed = (name: string) => readFileSync(new URL(`../../.deploy/${name}`, import.meta.url), 'utf8')

it('the proxy of .deploy speaks TLS 1.2 and 1.3 alone, with suites of forward secrecy and authenticated encryption', () => {
  const nginx = deployed('nginx.conf')
  expect(/^\s*ssl_protocols\s+(.*);$/m.exec(nginx)?.[1]).toBe('TLSv1.2 TLSv1.3')
  const suites = /^\s*ssl_ciphers\s+(.*);$/m.exec(nginx)![1]!.split(':')
  expect(
    suites.filter(
      (suite) => !/^ECDHE-(ECDSA|RSA)-(AES(128|256)-GCM-SHA(256|384)|CHACHA20-POLY1305)$/.test(suite),
    ),
  ).toEqual([])
  expect(suites[0]).toContain('AES256')
  // What is typed without https is led there; nothing else is served on port 80.
  expect(/listen 80;[^]*?\}/.exec(nginx)![0]).toMatch(/return 301 https:/)
  expect(/listen 80;[^]*?\}/.exec(nginx)![0]).not.toMatch(/proxy_pass|root /)
  expect(deployed('Caddyfile')).not.toMatch(/\btls\b.*\b(protocols|ciphers|internal)\b/)
})

it('no client sets what the proxy of .deploy says of it', () => {
  expect(deployed('nginx.conf')).toMatch(/proxy_set_header X-Forwarded-For \$remote_addr;/)
  expect(deployed('nginx.conf')).toMatch(/proxy_set_header X-Forwarded-Host "";/)
  expect(deployed('Caddyfile')).toMatch(/header_up -X-Forwarded-Host/)
})

it('the service of .deploy is a user of its own, for production, who sees no history of the sources', () => {
  const unit = deployed('keyframe.service').split('\n')
  expect(unit).toEqual(
    expect.arrayContaining([
      'User=keyframe',
      'NoNewPrivileges=yes',
      'CapabilityBoundingSet=',
      'ProtectSystem=strict',
      'UMask=0077',
      'InaccessiblePaths=-/opt/keyframe/.git',
    ]),
  )
  expect(unit.find((line) => line.startsWith('Environment='))).toContain('NODE_ENV=production')
})
