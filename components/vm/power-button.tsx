'use client'

import { useState } from 'react'
import { useMay } from '@/components/access/may'
import { useStart } from '@/components/dialogs/use-start'
import { randomId } from '@/components/random-id'
import { Button, type ButtonProps } from '@/components/ui/button'
import { Dialog, DialogBody, DialogFoot } from '@/components/ui/dialog'
import { Notice } from '@/components/ui/notice'
import type { VmActs } from '@/components/vm/vm-acts'
import type { VmRef } from '@/components/vm/vm-ref'

interface Props extends Pick<ButtonProps, 'variant' | 'disabled' | 'size'> {
  vm: VmRef
  act: 'start' | 'shutdown' | 'resume' | 'wake-up' | 'thaw'
  label: string
  power: VmActs['power']
  /** What the page knows that it would cost: asked about before anything is sent. */
  warning?: string | null
}

/** An act that asks nothing; what becomes of it shows among the jobs. Why it was refused, and what it would cost, is a dialog. */
export function PowerButton({ vm, act, label, power, warning = null, ...button }: Props) {
  // A click that was sent twice is one job; the next click after an answer is another.
  const [nonce, setNonce] = useState(randomId)
  const [asking, setAsking] = useState(false)
  const { submit, pending, message, fields, forget } = useStart(power, () => {
    setNonce(randomId())
    setAsking(false)
  })
  if (!useMay('vm.power')) return null
  const send = (confirmed?: string) => submit({ host: vm.host, vm: vm.uuid, act, nonce, confirmed })
  const said = message ?? (asking ? warning : null)
  const confirm = message === null ? said : fields.confirm
  const close = () => {
    setAsking(false)
    forget()
  }
  return (
    <>
      <Button
        {...button}
        disabled={button.disabled || pending}
        onClick={() => (warning === null ? send() : setAsking(true))}
      >
        {label}
      </Button>
      {said !== null && (
        <Dialog open title={`${label} ${vm.name}`} onClose={close}>
          <DialogBody>
            <Notice tone={confirm ? 'warn' : 'danger'} role="alert">
              {said}
            </Notice>
          </DialogBody>
          <DialogFoot>
            <Button variant="outline" onClick={close}>
              Close
            </Button>
            {confirm && (
              <Button variant="danger-solid" disabled={pending} onClick={() => send(confirm)}>
                {label} all the same
              </Button>
            )}
          </DialogFoot>
        </Dialog>
      )}
    </>
  )
}
