'use client'

import { useEffect, useState } from 'react'
import type { ReadPath } from '@/components/paths'

interface Answer<T> {
  question: string
  data: T | null
  /** What went wrong, ready to show. */
  message: string | null
}

/**
 * Reads JSON from an address of ours, and again when it, or `version`, changes. What was read before stays until the new is
 * there, so that nothing jumps; `pending` says so.
 */
export function useGet<T>(
  path: ReadPath<T> | null,
  version = 0,
): { data: T | null; message: string | null; pending: boolean } {
  const [answer, setAnswer] = useState<Answer<T> | null>(null)
  const question = `${version} ${path}`
  useEffect(() => {
    if (path === null) return
    const abort = new AbortController()
    getJson(path, abort.signal).then(
      (data) => setAnswer({ question, data, message: null }),
      (error: unknown) => {
        if (!abort.signal.aborted)
          setAnswer({ question, data: null, message: error instanceof Error ? error.message : String(error) })
      },
    )
    return () => abort.abort()
  }, [path, question])
  return {
    data: answer?.data ?? null,
    message: answer?.message ?? null,
    pending: path !== null && answer?.question !== question,
  }
}

/** Throws an Error whose message is a sentence for the user. */
export async function getJson<T>(path: ReadPath<T>, signal: AbortSignal): Promise<T> {
  const response = await fetch(path, { signal, headers: { accept: 'application/json' } }).catch(
    (cause: unknown) => {
      throw new Error('Keyframe does not answer. Check the connection and try again.', { cause })
    },
  )
  const body: unknown = await response.json().catch(() => null)
  if (response.ok) return body as T
  const message =
    typeof body === 'object' && body !== null && 'message' in body && typeof body.message === 'string'
      ? body.message
      : `Keyframe answered ${response.status}.`
  throw new Error(message)
}
