import { describe, expect, it } from 'vitest'
import { BODY_MAX_BYTES, refuseRequest, SMALL_BODY_MAX_BYTES, type RequestHead } from './refuse-request.ts'

const head = (change: Partial<RequestHead>): RequestHead => ({
  method: 'POST',
  path: '/',
  host: 'keyframe.example',
  contentLength: undefined,
  contentType: undefined,
  transferEncoding: undefined,
  localAddress: '192.0.2.5',
  cookie: 'a=b; keyframe-session=x',
  ...change,
})
const statusOf = (change: Partial<RequestHead>) =>
  refuseRequest(head(change), 'keyframe.example')?.status ?? null

describe('a request that is refused before its body is read', () => {
  it.each([
    ['/', BODY_MAX_BYTES],
    ['/hosts/a/vms/b', BODY_MAX_BYTES],
    ['/login', SMALL_BODY_MAX_BYTES],
    ['/login?next=/', SMALL_BODY_MAX_BYTES],
    ['/setup/x', SMALL_BODY_MAX_BYTES],
    ['/s/x/unlock', SMALL_BODY_MAX_BYTES],
    ['/api/auth/csrf', SMALL_BODY_MAX_BYTES],
  ])('%s takes %i bytes, and not one more', (path, limit) => {
    expect([
      statusOf({ path, contentLength: String(limit) }),
      statusOf({ path, contentLength: String(limit + 1) }),
    ]).toEqual([null, 413])
  })

  it.each(['http://keyframe.example/api/x', '/%6cogin', '/%61pi/x', '//own/api/x/../../api/y'])(
    '%s is small like the path that it means',
    (path) => {
      expect(statusOf({ path, contentLength: String(SMALL_BODY_MAX_BYTES + 1) })).toBe(413)
    },
  )

  it('who is not signed in posts nothing large anywhere', () => {
    expect(
      [undefined, 'other=keyframe-session', 'xkeyframe-session=1'].map((cookie) =>
        statusOf({ cookie, contentLength: String(SMALL_BODY_MAX_BYTES + 1) }),
      ),
    ).toEqual([413, 413, 413])
    expect(
      statusOf({ cookie: '__Host-keyframe-session=1', contentLength: String(SMALL_BODY_MAX_BYTES + 1) }),
    ).toBeNull()
  })

  it('a monitor that names no host sees how Keyframe is, and nothing else', () => {
    expect([
      statusOf({ method: 'GET', path: '/api/health', host: undefined }),
      statusOf({ method: 'GET', path: '/', host: undefined }),
    ]).toEqual([null, 400])
  })

  it('forms in the old encoding are small everywhere, for reading one takes the square of its length', () => {
    for (const contentType of [
      'application/x-www-form-urlencoded',
      ' Application/X-WWW-Form-Urlencoded; charset=utf-8',
    ]) {
      expect(statusOf({ contentType, contentLength: String(SMALL_BODY_MAX_BYTES + 1) })).toBe(413)
    }
    expect(
      statusOf({
        contentType: 'multipart/form-data; boundary=x',
        contentLength: String(SMALL_BODY_MAX_BYTES + 1),
      }),
    ).toBeNull()
  })

  it('a body without a length, or of a request that has none, is not read', () => {
    expect([
      statusOf({ transferEncoding: 'chunked' }),
      statusOf({ method: 'GET', transferEncoding: 'chunked' }),
    ]).toEqual([411, 411])
    expect([
      statusOf({ method: 'GET', contentLength: '1' }),
      statusOf({ method: 'PUT', contentLength: '1' }),
      statusOf({ method: 'GET', contentLength: '0' }),
    ]).toEqual([413, 413, null])
    expect(statusOf({ contentLength: 'NaN' })).toBe(413)
  })

  it('no method but those that pages, routes and forms use', () => {
    for (const method of ['TRACE', 'TRACK', 'CONNECT', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'get'])
      expect([method, statusOf({ method })]).toEqual([method, 405])
    for (const method of ['GET', 'HEAD', 'POST'])
      expect([method, statusOf({ method })]).toEqual([method, null])
  })

  it.each([
    'keyframe.example',
    'Keyframe.Example:443',
    'keyframe.example.',
    'localhost:3000',
    '127.0.0.1:3000',
    '127.9.9.9',
    '[::1]:3000',
    '192.0.2.5:3000',
  ])('is served under %s', (host) => {
    expect(statusOf({ host })).toBeNull()
  })

  it.each([
    'evil.example',
    'keyframe.example.evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '192.0.2.6',
    '[::2]',
    '::1',
    '127.0.0.1:3000:1',
    'a/b',
    'keyframe.example@evil',
    '',
  ])('is not served under %j', (host) => {
    expect(statusOf({ host })).toBeGreaterThanOrEqual(400)
  })

  it('an address counts as its connection came in at it, IPv4 inside of IPv6, too', () => {
    expect(statusOf({ host: '192.0.2.5', localAddress: '::ffff:192.0.2.5' })).toBeNull()
    expect(statusOf({ host: '[2001:db8::5]', localAddress: '2001:db8::5' })).toBeNull()
    expect(statusOf({ host: undefined })).toBe(400)
  })

  it('says what to do', () => {
    expect(refuseRequest(head({ host: 'evil.example' }), 'keyframe.example')?.sentence).toBe(
      'Keyframe is not served under the name evil.example. If it should be, set KEYFRAME_URL to the address that people type.',
    )
  })
})
