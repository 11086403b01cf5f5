'use client'

import { createContext, useContext, useState, type ReactNode } from 'react'
import type { RepairOffer } from '@/lib/repairs/types'
import type { RepairActs } from '@/components/check/repair-acts'
import { OnlyWhoMay } from '@/components/access/may'
import { RepairDialog } from '@/components/check/repair-dialog'
import { Button } from '@/components/ui/button'

const Show = createContext<(repair: RepairOffer) => void>(() => undefined)

/** Holds the one open dialog of a check page, above the findings: a repair takes its own finding away. */
export function RepairDialogs({
  host,
  acts,
  children,
}: {
  host: string
  acts: RepairActs
  children: ReactNode
}) {
  const [repair, setRepair] = useState<RepairOffer | null>(null)
  return (
    <Show value={setRepair}>
      {children}
      {repair && (
        <OnlyWhoMay act="repair.start">
          <RepairDialog host={host} repair={repair} acts={acts} onClose={() => setRepair(null)} />
        </OnlyWhoMay>
      )}
    </Show>
  )
}

/** The button that opens a repair's dialog, named after what it does; none for who may not repair. */
export function RepairButton({ repair, describedBy }: { repair: RepairOffer; describedBy: string }) {
  const show = useContext(Show)
  return (
    <OnlyWhoMay act="repair.start">
      <Button
        variant="outline"
        size="small"
        aria-haspopup="dialog"
        aria-describedby={describedBy}
        onClick={() => show(repair)}
      >
        {repair.label}
      </Button>
    </OnlyWhoMay>
  )
}
