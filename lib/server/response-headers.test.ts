import { expect, it } from 'vitest'
import { pagePolicy, strictTransport } from './response-headers.ts'

it('scripts need the nonce; only next dev may evaluate text', () => {
  const policy = pagePolicy('abc=', false)
  expect(policy.split('; ')).toEqual(
    expect.arrayContaining([
      "default-src 'none'",
      "script-src 'self' 'nonce-abc=' 'strict-dynamic'",
      "connect-src 'self'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "object-src 'none'",
    ]),
  )
  expect(/script-src[^;]*unsafe/.test(policy)).toBe(false)
  expect(pagePolicy('abc=', true)).toContain("'unsafe-eval'")
})

it('https is remembered for a year where Keyframe is reached by it, and for names below it when that is set', () => {
  expect([
    strictTransport('http://keyframe.example', true),
    strictTransport('https://keyframe.example', false),
    strictTransport('https://keyframe.example', true),
  ]).toEqual([null, 'max-age=31536000', 'max-age=31536000; includeSubDomains'])
})
