import { request, type IncomingHttpHeaders } from 'node:http'

/** The sign-in page without a browser, as who guesses uses it. */

export interface HttpAnswer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

export interface From {
  /** Of this machine: 127.0.0.2 is another place than 127.0.0.1. */
  localAddress?: string
  cookie?: string
}

/** One request on a connection of its own. */
export function ask(
  url: string,
  { localAddress, cookie }: From = {},
  post?: { body: string; headers: Record<string, string> },
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: post ? 'POST' : 'GET',
        agent: false,
        headers: {
          ...(cookie === undefined ? {} : { cookie }),
          ...post?.headers,
          ...(post ? { 'content-length': Buffer.byteLength(post.body) } : {}),
        },
        ...(localAddress === undefined ? {} : { localAddress }),
      },
      (response) => {
        let body = ''
        response
          .setEncoding('utf8')
          .on('data', (text: string) => {
            body += text
          })
          .on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
          .on('error', reject)
      },
    )
    sent.on('error', reject).end(post?.body)
  })
}

const unescaped = (text: string) =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#x27;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

/** The fields that a page's form brings with it. */
function hiddenFields(html: string): [string, string][] {
  return [...html.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].flatMap(([tag]) => {
    const name = /\bname="([^"]*)"/.exec(tag)?.[1]
    return name === undefined
      ? []
      : [[unescaped(name), unescaped(/\bvalue="([^"]*)"/.exec(tag)?.[1] ?? '')] as [string, string]]
  })
}

/** The form of the sign-in page; read once, it serves many tries. */
export async function readSignInForm(
  baseUrl: string,
): Promise<(name: string, password: string, from?: From) => Promise<HttpAnswer>> {
  const hidden = hiddenFields((await ask(`${baseUrl}/login`)).body)
  const boundary = '----keyframe-form'
  return (name, password, from) => {
    const fields = [...hidden, ['username', name], ['password', password]]
    const body = `${fields.map(([key, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`).join('')}--${boundary}--\r\n`
    return ask(`${baseUrl}/login`, from, {
      body,
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, origin: baseUrl },
    })
  }
}

/** The cookies that an answer sets, as a request sends them. */
export const cookiesOf = ({ headers }: HttpAnswer): string =>
  (headers['set-cookie'] ?? []).map((each) => each.split(';', 1)[0]!).join('; ')
