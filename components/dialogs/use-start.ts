'use client'

import { unstable_isUnrecognizedActionError as isUnrecognizedActionError } from 'next/navigation'
import { useState, useTransition } from 'react'
import type { ActionResult } from '@/lib/access/action'

const NO_ANSWER =
  'Keyframe did not answer. Whether it was done shows on this page once it is loaded again, and a job under Jobs: look there before you repeat it.'
const OLD_PAGE =
  'Keyframe was updated since this page was loaded, so it can’t take this any more. Nothing was done. Reload the page and repeat it.'

/** Sends what a form holds to its server action; what was refused stays beside the form. */
export function useStart<I, R extends object>(
  act: (input: I) => Promise<ActionResult<R>>,
  onDone: (result: R) => void,
  onRefused: (fields: Record<string, string>) => void = () => undefined,
) {
  const [refused, setRefused] = useState<{ message: string; fields: Record<string, string> } | null>(null)
  const [pending, startTransition] = useTransition()
  const submit = (input: Exclude<I, FormData>) =>
    startTransition(async () => {
      setRefused(null)
      try {
        const result = await act(input)
        if (result.ok) return onDone(result)
        setRefused({ message: result.message, fields: result.fields ?? {} })
        onRefused(result.fields ?? {})
      } catch (error) {
        setRefused({ message: isUnrecognizedActionError(error) ? OLD_PAGE : NO_ANSWER, fields: {} })
      }
    })
  const forget = () => setRefused(null)
  return { submit, pending, message: refused?.message ?? null, fields: refused?.fields ?? {}, forget }
}
