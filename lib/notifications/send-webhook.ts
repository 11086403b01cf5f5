import * as http from 'node:http'
import * as https from 'node:https'
import { checkedLookup, RefusedAddress, refusedHost, type Resolve } from './checked-lookup.ts'
import { failureWords } from './failure-words.ts'
import { REQUEST_LIMIT_MS } from './limits.ts'
import { line } from './shorten.ts'
import type { Outcome } from './types.ts'
import type { WebhookRequest } from './webhook-request.ts'

const ANSWER_READ_BYTES = 4_096
const ANSWER_SHOWN_CHARACTERS = 200

/**
 * One attempt. Goes to the address itself and nowhere else: neither redirects nor the environment's proxies are followed. Resolves with how
 * it went; rejects only when `signal` ends it. `resolve`: instead of the system's own look-up of names.
 */
export async function sendWebhook(
  request: WebhookRequest,
  signal: AbortSignal,
  limitMs = REQUEST_LIMIT_MS,
  resolve?: Resolve,
): Promise<Outcome> {
  const limit = AbortSignal.timeout(limitMs)
  try {
    const answer = await exchange(request, AbortSignal.any([signal, limit]), resolve)
    if (answer.status >= 200 && answer.status < 300) return { sent: true }
    if (answer.status >= 300 && answer.status < 400)
      return {
        sent: false,
        sentence: `It answered ${answer.status}, a redirect, which Keyframe does not follow. Give the address that it leads to.`,
      }
    return {
      sent: false,
      sentence: `It answered ${answer.status}${answer.words === '' ? '.' : `: ${answer.words}`}`,
    }
  } catch (error) {
    signal.throwIfAborted()
    if (limit.aborted) return { sent: false, sentence: `It did not answer within ${limitMs / 1000} s.` }
    return { sent: false, sentence: failureWords(error) }
  }
}

interface Answer {
  status: number
  /** What it said of why not, clipped; "" where that is no plain text. */
  words: string
}

function exchange(
  { method, url, headers, body }: WebhookRequest,
  signal: AbortSignal,
  resolveName?: Resolve,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const to = new URL(url)
    const refused = refusedHost(to.hostname.replace(/^\[|\]$/g, ''))
    if (refused !== null) return reject(new RefusedAddress(refused))
    const { request } = to.protocol === 'https:' ? https : http
    // A connection of its own each time: one that is kept would outlive a change of the address behind the name.
    const sent = request(
      to,
      {
        method,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        agent: false,
        lookup: checkedLookup(resolveName),
        signal,
      },
      (response) => {
        const chunks: Buffer[] = []
        let bytes = 0
        const done = () =>
          resolve({
            status: response.statusCode ?? 0,
            words: wordsOf(response.headers['content-type'], Buffer.concat(chunks)),
          })
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          chunks.push(chunk)
          if (bytes < ANSWER_READ_BYTES) return
          done()
          response.destroy()
        })
        response.on('end', done)
        response.on('error', reject)
      },
    )
    sent.on('error', reject)
    // An answer that changes the protocol is neither an error nor a response: the connection is simply closed.
    sent.on('close', () =>
      reject(Object.assign(new Error('closed without an answer'), { code: 'ECONNRESET' })),
    )
    sent.end(body)
  })
}

/** The first words of an answer that says why not. Of pages nothing is shown: they are for browsers, and this is no way to read one. */
function wordsOf(contentType: string | undefined, body: Buffer): string {
  if (!/^(text\/plain|application\/(?:[a-z.]+\+)?json)\b/i.test(contentType ?? '')) return ''
  return line(body.toString('utf8'), ANSWER_SHOWN_CHARACTERS)
}
