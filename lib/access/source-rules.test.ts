import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { openedCookieName } from '../shares/count-opening.ts'
import { unlockCookieName } from '../shares/unlock.ts'
import { deviceCookieName, sessionCookieName } from './cookie-names.ts'

// What the sources must not hold, wherever it is: a look at their text, for no test of what is there finds what was added elsewhere.

const root = fileURLToPath(new URL('../..', import.meta.url))
const files = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules') return []
    return entry.isDirectory() ? files(join(folder, entry.name)) : [join(folder, entry.name)]
  })
/** A call or a list that the formatter laid over several lines is one line here. */
const unfolded = (text: string) =>
  text.replaceAll(/([({,])\n\s*/g, (_, end: string) => (end === '(' ? end : `${end} `))

/** What is served, by path: tests, their helpers and the bench of the libvirt client are not. */
const sources = new Map(
  [
    ...['app', 'components', 'lib', 'public'].flatMap((folder) => files(join(root, folder))),
    join(root, 'proxy.ts'),
    join(root, 'next.config.js'),
    join(root, 'instrumentation.ts'),
  ]
    .filter((file) => /\.(tsx?|js|mjs)$/.test(file) && !/\.test\.tsx?$|\/(testing|bench)\//.test(file))
    .map((file) => [relative(root, file), unfolded(readFileSync(file, 'utf8'))]),
)
const holding = (pattern: RegExp) =>
  [...sources].flatMap(([file, text]) =>
    [...text.matchAll(pattern)].map((match) => `${file}: ${match[1] ?? match[0]}`),
  )

describe('no source', () => {
  it('is missing here', () => {
    expect(sources.size).toBeGreaterThan(400)
    expect([...sources.keys()]).toEqual(
      expect.arrayContaining([
        'proxy.ts',
        'public/sw.js',
        'app/login/page.tsx',
        'lib/access/sign-in.ts',
        'components/ui/field.tsx',
      ]),
    )
  })

  it('evaluates text', () => {
    expect(holding(/\beval\(|new Function\(|\bsetTimeout\(['"`]|node:vm\b|\.runInNewContext\(/g)).toEqual([])
  })

  it('puts text into a page as HTML', () => {
    expect(
      holding(/dangerouslySetInnerHTML|\.(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write\(/g),
    ).toEqual([])
  })

  it('begins a shell, or another program than Node itself', () => {
    expect(
      holding(/import .*from '(?:node:)?(?:child_process|cluster)'|\bshell:/g).map(
        (each) => each.split(':')[0],
      ),
    ).toEqual(['lib/hosts/freeze-guard.ts', 'lib/launcher/fetch-node.mjs', 'lib/launcher/launch.mjs'])
    // Before anything is served the launcher fetches Node with npm and tar, and installs packages with npm.
    expect(holding(/\bspawn\(([\w.]+)/g)).toEqual([
      'lib/hosts/freeze-guard.ts: process.execPath',
      'lib/launcher/launch.mjs: node',
    ])
  })

  it('writes a value into SQL but as a parameter', () => {
    // Names of tables and columns from lists of our own: of triggers, and in a copy of the database.
    expect(
      new Set(
        holding(/sql\.raw\(|\.(?:prepare|exec)\(`[^`]*\$\{/g).map((each) =>
          each.split(':')[0]!.replace(/^lib\/store\/.*/, 'lib/store'),
        ),
      ),
    ).toEqual(new Set(['lib/store']))
  })

  it('guesses at random where nobody may guess', () => {
    // How long one waits before a try is no secret.
    expect(new Set(holding(/Math\.random/g).map((each) => each.split(':')[0]))).toEqual(
      new Set(['lib/access/guess-limits.ts']),
    )
  })

  it('uses a hash, a MAC, a cipher or a derivation that is not approved', () => {
    expect(
      new Set(
        holding(/(?:createHash|createHmac|hkdfSync|hash)\('([a-z0-9-]+)'/g).map(
          (each) => each.split(': ')[1],
        ),
      ),
    ).toEqual(new Set(['sha256', 'sha512']))
    expect(
      new Set(
        holding(/'((?:aes|des|des-ede|rc4|chacha20|bf|camellia)\d*-[a-z0-9-]+)'/gi).map(
          (each) => each.split(': ')[1],
        ),
      ),
    ).toEqual(new Set(['aes-256-gcm']))
    expect(
      holding(/generateKeyPair|createSign\(|createVerify\(|publicEncrypt|privateDecrypt|pbkdf2|scrypt/g),
    ).toEqual([])
  })

  it('opens an answer to other origins, or hears windows of others', () => {
    expect(holding(/access-control-allow|\bjsonp\b/gi)).toEqual([])
    // The service worker hears its own pages; between tabs goes a BroadcastChannel, which is of one origin.
    expect(
      holding(/(?:window|globalThis)?\.?addEventListener\('message'/g).map((each) => each.split(':')[0]),
    ).toEqual(['public/sw.js'])
    expect(holding(/new WebSocket\(|RTCPeerConnection/g)).toEqual([])
  })

  it('keeps anything in the storage of a browser, but pages, which sign-out forgets', () => {
    expect(holding(/localStorage|sessionStorage|indexedDB|document\.cookie/g)).toEqual([])
    expect(new Set(holding(/\bcaches\./g).map((each) => each.split(':')[0]))).toEqual(
      new Set(['components/offline/forget-pages.ts', 'public/sw.js']),
    )
  })

  it('calls a library that it has no need of: no LDAP, XPath, LaTeX, JNDI, memcache, GraphQL, template or Markdown engine', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>
    }
    expect(
      Object.keys(dependencies).filter((name) =>
        /ldap|xpath|latex|memcache|graphql|handlebars|ejs|pug|mustache|markdown|marked|svg|archiver|unzip|tar\b|ws$/i.test(
          name,
        ),
      ),
    ).toEqual([])
  })
})

it('every answer with a body says its type: JSON by Response.json, and a stream of events, which is UTF-8 by its standard', () => {
  expect(holding(/new Response\((?!null)[^)]*\)/g).filter((each) => /^(app|lib)\//.test(each))).toEqual([
    'lib/live/event-stream.ts: new Response(body, { headers: HEADERS })',
  ])
  expect(sources.get('lib/live/event-stream.ts')).toContain("'content-type': 'text/event-stream'")
})

it('every cookie is out of reach of scripts and of other sites, for TLS where there is TLS, and says so in its name', () => {
  const written = holding(/(?:cookies\(\)\)|sent)\.set\(([^\n]*)/g)
  expect(written.map((each) => each.split(':')[0]).sort()).toEqual([
    'app/s/[token]/opened/route.ts',
    'app/s/[token]/unlock/route.ts',
    'lib/access/device-cookie.ts',
    'lib/access/session-cookie.ts',
  ])
  for (const each of written)
    expect(each).toMatch(
      /: (?:opened|unlock|device)?[cC]ookieName\(.*httpOnly: true, sameSite: 'lax', secure\b/,
    )
  expect([sessionCookieName, deviceCookieName].map((name) => name(true).slice(0, 7))).toEqual([
    '__Host-',
    '__Host-',
  ])
  expect([unlockCookieName, openedCookieName].map((name) => name(true).slice(0, 9))).toEqual([
    '__Secure-',
    '__Secure-',
  ])
})

describe('fields for passwords', () => {
  const fields = holding(/<Field\b((?:[^>]|=>)*?\bpassword\b(?:[^>]|=>)*?)\/>/gi).filter((each) =>
    /label="[^"]*password|type="password"/i.test(each),
  )

  it('hide what is typed', () => {
    expect(fields.length).toBeGreaterThanOrEqual(6)
    expect(fields.filter((each) => !each.includes('type="password"'))).toEqual([])
  })

  it('let password managers fill them in, and anybody paste', () => {
    const ofPeople = fields.filter((each) => /^(app|components\/shares)\//.test(each))
    expect(ofPeople.length).toBeGreaterThanOrEqual(6)
    expect(ofPeople.filter((each) => !/autoComplete="(current|new)-password"/.test(each))).toEqual([])
    expect(holding(/onPaste|onBeforeInput|onKeyPress/g)).toEqual([])
  })
})

it('routes that are read change nothing: each asks for an act of reading', () => {
  const acts = [...sources]
    .filter(([file]) => /^app\/.*route\.ts$/.test(file))
    .flatMap(([, text]) =>
      [...text.matchAll(/export const GET = route\('([^']+)'/g)].map((match) => match[1]!),
    )
  expect(acts.length).toBeGreaterThan(10)
  // Shows what adopting would take; the adopting itself is an action.
  expect(acts.filter((act) => !/\.(read|list|plan)$/.test(act))).toEqual(['target.adopt'])
})
