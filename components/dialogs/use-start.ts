'use client'

import { useState, useTransition } from 'react'
import type { ActionResult } from '@/lib/access/action'

/** Sends a form to its server action; what was refused stays beside the form. */
export function useStart<R extends object>(act: (input: unknown) => Promise<ActionResult<R>>, onDone: (result: R) => void) {
  const [refused, setRefused] = useState<{ message: string; fields: Record<string, string> } | null>(null)
  const [pending, startTransition] = useTransition()
  const submit = (input: unknown) => startTransition(async () => {
    setRefused(null)
    try {
      const result = await act(input)
      if (result.ok) onDone(result)
      else setRefused({ message: result.message, fields: result.fields ?? {} })
    } catch {
      setRefused({ message: 'Keyframe did not answer. Whether the job began shows under Jobs on the VM’s page: look there before you repeat it.', fields: {} })
    }
  })
  return { submit, pending, message: refused?.message ?? null, fields: refused?.fields ?? {} }
}
