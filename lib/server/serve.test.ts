import { request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { createGuardedServer } from './serve.ts'

let server: Server
afterEach(
  () =>
    new Promise((resolve) => {
      server.closeAllConnections()
      server.close(resolve)
    }),
)

async function serve(transport: string | null = null): Promise<{ port: number; seen: string[] }> {
  const seen: string[] = []
  server = createGuardedServer(
    async (request, response) => {
      seen.push(request.url ?? '')
      for await (const chunk of request) void chunk
      response.end('served')
    },
    'keyframe.example',
    { transport: transport },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, seen }
}

function post(
  port: number,
  path: string,
  body: Buffer,
  headers: Record<string, string>,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ port, host: '127.0.0.1', path, method: 'POST', headers }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

it('hands on what is small, and answers what is too large without handing it on', async () => {
  const { port, seen } = await serve()
  const body = Buffer.from('a&'.repeat(500_000))
  expect(await post(port, '/login', Buffer.from('a=b'), { ...FORM, 'content-length': '3' })).toEqual({
    status: 200,
    text: 'served',
  })
  expect(
    await post(port, '/api/auth/csrf', body, { ...FORM, 'content-length': String(body.length) }),
  ).toMatchObject({ status: 413, text: expect.stringContaining('too large') })
  expect(await post(port, '/', Buffer.from('x'), { 'transfer-encoding': 'chunked' })).toMatchObject({
    status: 411,
  })
  expect(
    await post(port, '/', Buffer.from('x'), { host: 'evil.example', 'content-length': '1' }),
  ).toMatchObject({ status: 421 })
  expect(seen).toEqual(['/login'])
})

it('sends nobody’s request back to them: TRACE is answered without its headers', async () => {
  const { port, seen } = await serve()
  const answer = await new Promise<{ status: number; allow: string; text: string }>((resolve, reject) => {
    httpRequest(
      { port, host: '127.0.0.1', method: 'TRACE', headers: { cookie: 'keyframe-session=hush' } },
      (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString()
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, allow: response.headers.allow ?? '', text }),
        )
      },
    )
      .on('error', reject)
      .end()
  })
  expect(answer).toEqual({
    status: 405,
    allow: 'GET, HEAD, POST',
    text: 'Keyframe answers GET, HEAD, POST only.\n',
  })
  expect(seen).toEqual([])
})

it('every answer has the policy of https where there is one, and a refusal runs nothing', async () => {
  const { port } = await serve('max-age=1')
  for (const [host, status] of [
    ['keyframe.example', 200],
    ['evil.example', 421],
  ] as const) {
    const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
      httpRequest({ port, host: '127.0.0.1', headers: { host } }, (response) => {
        response.resume()
        resolve({ status: response.statusCode, ...response.headers })
      })
        .on('error', reject)
        .end()
    })
    expect(headers).toMatchObject({ status, 'strict-transport-security': 'max-age=1' })
    const ofRefusals = {
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    }
    if (status === 421) expect(headers).toMatchObject(ofRefusals)
  }
})

it('is seen to refuse, however large the body is and however slowly it is read', async () => {
  const { port, seen } = await serve()
  const body = Buffer.from('a&'.repeat(1_000_000))
  const answers = await Promise.all(
    Array.from({ length: 200 }, () =>
      post(port, '/api/x', body, { ...FORM, 'content-length': String(body.length) }),
    ),
  )
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([413]))
  expect(seen).toEqual([])
})

it('lets no connection hang that sends its request slowly', async () => {
  await serve()
  expect([server.requestTimeout, server.headersTimeout, server.maxConnections]).toEqual([
    30_000, 15_000, 2_000,
  ])
})
