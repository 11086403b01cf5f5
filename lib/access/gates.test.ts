import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const app = fileURLToPath(new URL('../../app', import.meta.url))
/** Reachable without a session, each for its reason. */
const PUBLIC = new Map([
  ['login/page.tsx', 'the sign-in page'],
  ['setup/[token]/page.tsx', 'one-time links: the token is the permission'],
  ['setup/[token]/actions.ts', 'one-time links: the token is the permission'],
  ['s/[token]/page.tsx', 'share links: the token, and its password where there is one, are the permission'],
  [
    's/[token]/events/route.ts',
    'share links: the token, and its password where there is one, are the permission',
  ],
  ['s/[token]/opened/route.ts', 'share links: counts an opening'],
  ['s/[token]/unlock/route.ts', 'share links: takes the password'],
  ['api/health/route.ts', 'for monitors: says nothing that is secret'],
  ['api/[[...unknown]]/route.ts', 'the answer to what does not exist: 404'],
])

const files = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? files(join(folder, entry.name)) : [join(folder, entry.name)],
  )
const all = files(app).map((file) => relative(app, file))
const entries = all.filter(
  (file) =>
    /(^|\/)(page\.tsx|route\.ts|actions\.ts)$/.test(file) ||
    /^['"]use server['"]/m.test(readFileSync(join(app, file), 'utf8')),
)

describe('every page, action and route is gated', () => {
  it('finds them', () => {
    expect(entries).toEqual(
      expect.arrayContaining([
        'page.tsx',
        'hosts/[host]/vms/[vm]/page.tsx',
        'api/events/route.ts',
        'hosts/[host]/vms/[vm]/actions.ts',
      ]),
    )
  })

  it.each(entries.filter((file) => !PUBLIC.has(file)))('%s', (file) => {
    const text = readFileSync(join(app, file), 'utf8')
    if (file.endsWith('page.tsx')) {
      // The session before anything is read: a page must not tell what exists.
      const body = text.slice(text.search(/export default async function/))
      expect(body.match(/await\s+([^\n]+)/)?.[1]).toMatch(/^(requireUser|requireSession)\('[a-z.-]+'\)$/)
      // The title comes from the address alone.
      const metadata = /export async function generateMetadata[^]*?\n\}/.exec(text)?.[0] ?? ''
      expect(
        [...metadata.matchAll(/await\s+(\w+)/g)].map((match) => match[1]).filter((name) => name !== 'params'),
      ).toEqual([])
    } else if (file.endsWith('route.ts')) {
      const handlers = [
        ...text.matchAll(/export (?:const|async function|function) (GET|POST|PUT|PATCH|DELETE)\b(.*)/g),
      ]
      expect(handlers.length).toBeGreaterThan(0)
      for (const [, , rest] of handlers) expect(rest).toMatch(/^ = route\(/)
    } else {
      const made = [...text.matchAll(/^(?:export )?const (\w+) = action\(/gm)].map((match) => match[1]!)
      for (const [, name, body] of text.matchAll(/export async function (\w+)\([^]*?\{([^]*?)\n\}/g))
        expect(
          made.some((each) => body!.includes(`${each}(`)),
          `${name} calls none of ${made.join(', ')}`,
        ).toBe(true)
      for (const [, name] of text.matchAll(/^export const (\w+)/gm)) expect(made).toContain(name)
      expect(made.length).toBeGreaterThan(0)
    }
  })

  it('leaves two actions in lib ungated: signing in and out', () => {
    const lib = fileURLToPath(new URL('..', import.meta.url))
    const actions = files(lib).filter(
      (file) => /\.tsx?$/.test(file) && /^['"]use server['"]/m.test(readFileSync(file, 'utf8')),
    )
    expect(actions.map((file) => relative(lib, file)).sort()).toEqual([
      'access/sign-in.ts',
      'access/sign-out.ts',
    ])
  })

  it('names no public one that is gone', () => {
    for (const file of PUBLIC.keys()) expect(all).toContain(file)
  })
})
