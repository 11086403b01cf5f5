import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { perProcess } from './per-process.ts'

/**
 * Answers that stay open for hours. While Next answers, it holds all that it made of the request, about 40 KB (`e2e/bench/streams.ts`);
 * so a route may say, by the ticket in this header, that it goes on by itself when Next is done. Whatever a client sends under this
 * name is overwritten.
 */
export const LONG_ANSWER_HEADER = 'x-keyframe-long-answer'

interface LongAnswer {
  /** Gets the connection, its head sent, and must end it. */
  goOn(response: ServerResponse): void
  /** Instead, when the browser went before. */
  gone(): void
}
/** By the tickets of requests that are being answered; null while no route has said that it goes on. */
const answers = perProcess('server/long-answer', () => new Map<string, LongAnswer | null>())

/** For a route whose answer has a head and no body: one of the two functions is called, once. */
export function goOnByItself(ticket: string, answer: LongAnswer): void {
  if (answers.has(ticket)) answers.set(ticket, answer)
  else answer.gone()
}

/** Before Next: lets the route of this request go on by itself. */
export function allowLongAnswer(request: IncomingMessage, response: ServerResponse): void {
  delete request.headers[LONG_ANSWER_HEADER]
  if (request.method !== 'GET') return
  const ticket = randomUUID()
  request.headers[LONG_ANSWER_HEADER] = ticket
  answers.set(ticket, null)
  const take = () => {
    const answer = answers.get(ticket) ?? null
    answers.delete(ticket)
    return answer
  }
  const goes = () => take()?.gone()
  response.once('close', goes)
  // A timer that the route sets would hold what Next keeps for its request.
  const outsideOfNext = AsyncLocalStorage.snapshot()
  const end = response.end
  response.end = ((...given: Parameters<typeof end>) => {
    response.end = end
    const answer = take()
    if (!answer) return end.apply(response, given)
    if (!response.headersSent) response.writeHead(response.statusCode)
    releaseNext(request, response)
    outsideOfNext(() => answer.goOn(response))
    return response
  }) as typeof end
}

/** Tells Next that the answer is over, and drops what ties its own objects to the connection. */
function releaseNext(request: IncomingMessage, response: ServerResponse): void {
  const over = response.listeners('close')
  response.removeAllListeners('close')
  for (const each of over) each.call(response)
  for (const each of [request, response]) {
    for (const key of Object.getOwnPropertySymbols(each))
      if (/^next/i.test(key.description ?? '')) Reflect.deleteProperty(each, key)
  }
}
