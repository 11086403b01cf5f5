'use client'

import { useEffect, useState } from 'react'
import { vmKey, type VmRef } from '@/components/vm/vm-ref'

/** Asked at once: each is a few questions to a hypervisor that has other work. */
const AT_ONCE = 4

export interface Reading<T> {
  data: T | null
  /** Why it can't be told, ready to show. */
  message: string | null
}

/**
 * Reads something of each VM, a few at a time, and all anew when `question` changes; what was read before stays until then, and `pending` says so.
 * `read` must not depend on anything that is not part of `question`.
 */
export function useReadEach<T>(
  vms: readonly VmRef[],
  question: string,
  read: (vm: VmRef, signal: AbortSignal) => Promise<T>,
): { readings: ReadonlyMap<string, Reading<T>>; pending: boolean } {
  const [readings, setReadings] = useState<ReadonlyMap<string, Reading<T>>>(new Map())
  const [answered, setAnswered] = useState<string | null>(null)
  useEffect(() => {
    const abort = new AbortController()
    const queue = [...vms]
    const work = async () => {
      for (let vm = queue.shift(); vm !== undefined && !abort.signal.aborted; vm = queue.shift()) {
        const key = vmKey(vm)
        const reading = await read(vm, abort.signal).then(
          (data) => ({ data, message: null }),
          (error: unknown) => ({
            data: null,
            message: error instanceof Error ? error.message : String(error),
          }),
        )
        if (!abort.signal.aborted) setReadings((before) => new Map(before).set(key, reading))
      }
    }
    void Promise.all(Array.from({ length: AT_ONCE }, work)).then(() => {
      if (!abort.signal.aborted) setAnswered(question)
    })
    return () => abort.abort()
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `question` stands for them
  }, [question])
  return { readings, pending: answered !== question }
}
