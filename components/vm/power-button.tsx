'use client'

import { useState } from 'react'
import { useMay } from '@/components/access/may'
import { useStart } from '@/components/dialogs/use-start'
import { randomId } from '@/components/random-id'
import { Button, type ButtonProps } from '@/components/ui/button'
import type { VmActs } from '@/components/vm/vm-acts'
import type { VmRef } from '@/components/vm/vm-ref'

interface Props extends Pick<ButtonProps, 'variant' | 'disabled' | 'size'> {
  vm: VmRef
  act: 'start' | 'shutdown' | 'resume' | 'wake-up' | 'thaw'
  label: string
  power: VmActs['power']
}

/** An act that needs no dialog. What becomes of it shows among the jobs. */
export function PowerButton({ vm, act, label, power, ...button }: Props) {
  // A click that was sent twice is one job; the next click after an answer is another.
  const [nonce, setNonce] = useState(randomId)
  const { submit, pending, message, fields } = useStart(power, () => setNonce(randomId()))
  if (!useMay('vm.power')) return null
  return (
    <>
      <Button
        {...button}
        disabled={button.disabled || pending}
        onClick={() => submit({ host: vm.host, vm: vm.uuid, act, nonce })}
      >
        {label}
      </Button>
      {message && (
        <div className="order-last flex w-full flex-col items-start gap-2">
          <p role="alert" className="text-sm text-danger break-names">
            {message}
          </p>
          {fields.confirm !== undefined && (
            <Button
              variant="danger"
              disabled={pending}
              onClick={() => submit({ host: vm.host, vm: vm.uuid, act, nonce, confirmed: true })}
            >
              {label} all the same
            </Button>
          )}
        </div>
      )}
    </>
  )
}
