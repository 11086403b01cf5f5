'use client'

import { createContext, useContext, useState, type ReactNode } from 'react'
import type { RepairOffer } from '@/lib/repairs/types'
import type { RepairActs } from '@/components/check/repair-acts'
import { RepairDialog } from '@/components/check/repair-dialog'
import { Button } from '@/components/ui/button'

const Show = createContext<(repair: RepairOffer) => void>(() => undefined)

/** Holds the one open dialog of a check page, above the findings: a repair takes its own finding away. */
export function RepairDialogs({ host, acts, children }: { host: string; acts: RepairActs; children: ReactNode }) {
  const [repair, setRepair] = useState<RepairOffer | null>(null)
  return (
    <Show value={setRepair}>
      {children}
      {repair && <RepairDialog host={host} repair={repair} acts={acts} onClose={() => setRepair(null)} />}
    </Show>
  )
}

/** The button that opens a repair's dialog, named after what it does. */
export function RepairButton({ repair, describedBy }: { repair: RepairOffer; describedBy: string }) {
  const show = useContext(Show)
  return <Button variant="outline" size="small" aria-haspopup="dialog" aria-describedby={describedBy} onClick={() => show(repair)}>{repair.label}</Button>
}
