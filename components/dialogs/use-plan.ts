'use client'

import { useState } from 'react'
import { useGet } from '@/components/dialogs/use-get'
import type { ReadPath } from '@/components/paths'

/** A plan, and how to read it anew: the act is refused when what it rests on changed since it was shown. */
export function usePlan<T>(path: ReadPath<T> | null) {
  const [version, setVersion] = useState(0)
  const { data, message, pending } = useGet(path, version)
  return {
    plan: data,
    planMessage: message,
    planning: pending,
    onRefused: (fields: Record<string, string>) => {
      if ('plan' in fields) setVersion((before) => before + 1)
    },
  }
}
