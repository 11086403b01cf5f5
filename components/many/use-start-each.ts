'use client'

import { unstable_isUnrecognizedActionError as isUnrecognizedActionError } from 'next/navigation'
import { useEffect, useRef, useState } from 'react'
import type { ActionResult } from '@/lib/access/action'
import { vmKey, type VmRef } from '@/components/vm/vm-ref'

/** jobId null: it was done at once. */
export type Sent =
  | { state: 'waiting' | 'sending' | 'not sent' }
  | { state: 'done'; jobId: string | null }
  | { state: 'refused'; message: string }

const NO_ANSWER = 'Keyframe did not answer. Whether it began shows under Jobs.'
const OLD_PAGE = 'Keyframe was updated since this page was loaded. Reload it and repeat this.'

/**
 * One act for each of many VMs, one after the other, so that one that is refused hinders no other. Each is an action of its own: with its own
 * permission, its own line in the audit log and, being numbered by the form, done once however often it is sent. `stop` leaves out what was not sent yet;
 * leaving the dialog does the same.
 */
export function useStartEach() {
  const [sent, setSent] = useState<ReadonlyMap<string, Sent> | null>(null)
  const stopped = useRef(false)
  useEffect(
    () => () => {
      stopped.current = true
    },
    [],
  )
  const start = async (vms: readonly VmRef[], act: (vm: VmRef) => Promise<ActionResult<object>>) => {
    stopped.current = false
    setSent(new Map(vms.map((vm) => [vmKey(vm), { state: 'waiting' }])))
    for (const vm of vms) {
      const tell = (now: Sent) => setSent((before) => new Map(before).set(vmKey(vm), now))
      if (stopped.current) {
        tell({ state: 'not sent' })
        continue
      }
      tell({ state: 'sending' })
      tell(
        await act(vm).then(
          (result): Sent =>
            result.ok
              ? {
                  state: 'done',
                  jobId: 'jobId' in result && typeof result.jobId === 'string' ? result.jobId : null,
                }
              : {
                  state: 'refused',
                  message: [result.message, ...Object.values(result.fields ?? {})]
                    .filter((sentence, index, all) => all.indexOf(sentence) === index)
                    .join(' '),
                },
          (error: unknown): Sent => ({
            state: 'refused',
            message: isUnrecognizedActionError(error) ? OLD_PAGE : NO_ANSWER,
          }),
        ),
      )
    }
  }
  const sending =
    sent !== null && [...sent.values()].some(({ state }) => state === 'waiting' || state === 'sending')
  return {
    start,
    sent,
    sending,
    stop: () => {
      stopped.current = true
    },
  }
}
