'use client'

import { useId, type ReactNode } from 'react'
import type { ActionResult } from '@/lib/access/action'
import { VmOutcome } from '@/components/many/vm-outcome'
import { useStartEach } from '@/components/many/use-start-each'
import { Button } from '@/components/ui/button'
import { Dialog, DialogBody, DialogFoot } from '@/components/ui/dialog'
import { vmKey, type VmRef } from '@/components/vm/vm-ref'

/** What will be done with one VM; `refusal`: why nothing can be. */
export interface Intent {
  words: ReactNode
  refusal: string | null
}

interface Props {
  title: string
  vms: VmRef[]
  act: string
  /** null while it is not known yet. */
  intentOf: (vm: VmRef) => Intent | null
  /** False while what must be known before is not. */
  ready: boolean
  send: (vm: VmRef) => Promise<ActionResult<object>>
  onClose: () => void
  children: ReactNode
}

/** An act on many VMs: what is asked once, what it means for each, and after the confirm one line of outcome for each. */
export function ManyForm({ title, vms, act, intentOf, ready, send, onClose, children }: Props) {
  const heading = useId()
  const { start, sent, sending, stop } = useStartEach()
  const able = vms.filter((vm) => intentOf(vm)?.refusal === null)
  if (sent !== null) {
    const began = [...sent.values()].filter(({ state }) => state === 'done').length
    return (
      // Dismissed while it sends: it stops, and says what was not sent.
      <Dialog open title={title} onClose={sending ? stop : onClose}>
        <DialogBody>
          <p role="status" className="text-sm font-medium">
            {sending
              ? `Asked for ${began} of ${sent.size}…`
              : `${began} of ${sent.size} taken on${began < sent.size ? '; what was not says why.' : '.'}`}
          </p>
          <ul
            aria-label="Outcome"
            className="flex flex-col divide-y divide-line rounded-md border border-line"
          >
            {vms
              .filter((vm) => sent.has(vmKey(vm)))
              .map((vm) => (
                <VmOutcome key={vmKey(vm)} vm={vm} sent={sent.get(vmKey(vm))!} />
              ))}
          </ul>
        </DialogBody>
        <DialogFoot>
          {sending ? (
            <Button variant="outline" onClick={stop}>
              Stop
            </Button>
          ) : (
            <Button onClick={onClose}>Close</Button>
          )}
        </DialogFoot>
      </Dialog>
    )
  }
  const may = ready && able.length > 0 && vms.every((vm) => intentOf(vm) !== null)
  return (
    <Dialog open title={title} onClose={onClose}>
      <form
        className="flex min-h-0 flex-1 flex-col"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          if (may) void start(able, send)
        }}
      >
        <DialogBody>
          {children}
          <section aria-labelledby={heading}>
            <h3 id={heading} className="mb-1 text-sm font-medium">
              {vms.length === 1 ? 'The VM' : `The ${vms.length} VMs`}
            </h3>
            <ul
              aria-labelledby={heading}
              className="flex flex-col divide-y divide-line rounded-md border border-line"
            >
              {vms.map((vm) => {
                return (
                  <li key={vmKey(vm)} className="px-3 py-2 text-sm break-names">
                    <span className="font-medium">{vm.name}</span>{' '}
                    <span className="text-[13px] text-muted">{vm.host}</span>
                    <IntentLine intent={intentOf(vm)} />
                  </li>
                )
              })}
            </ul>
          </section>
        </DialogBody>
        <DialogFoot>
          <Button variant="outline" onClick={onClose}>
            Back
          </Button>
          <Button type="submit" disabled={!may}>
            {able.length === vms.length ? act : `${act}: ${able.length} of ${vms.length}`}
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  )
}

/** null: not known yet. */
function IntentLine({ intent }: { intent: Intent | null }) {
  if (intent === null) return <p className="text-[13px] text-muted">Asking the host…</p>
  if (intent.refusal === null) return <div className="text-[13px] text-muted">{intent.words}</div>
  return <p className="text-[13px] text-danger">Left out: {intent.refusal}</p>
}
