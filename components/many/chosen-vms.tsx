'use client'

import { createContext, useContext, useState, type ReactNode } from 'react'
import { vmKey, type VmRef } from '@/components/vm/vm-ref'

interface Choice {
  chosen: VmRef[]
  has: (vm: VmRef) => boolean
  set: (vms: readonly VmRef[], chosen: boolean) => void
  clear: () => void
}

const NONE: Choice = { chosen: [], has: () => false, set: () => undefined, clear: () => undefined }
const Chosen = createContext<Choice>(NONE)

/** Which VMs of the list are chosen, on whatever page of it, while one searches and sorts. */
export function ChosenVms({ children }: { children: ReactNode }) {
  const [byKey, setByKey] = useState<ReadonlyMap<string, VmRef>>(new Map())
  const set = (vms: readonly VmRef[], chosen: boolean) =>
    setByKey((before) => {
      const next = new Map(before)
      for (const vm of vms) {
        if (chosen) next.set(vmKey(vm), vm)
        else next.delete(vmKey(vm))
      }
      return next
    })
  return (
    <Chosen
      value={{
        chosen: [...byKey.values()],
        has: (vm) => byKey.has(vmKey(vm)),
        set,
        clear: () => setByKey(new Map()),
      }}
    >
      {children}
    </Chosen>
  )
}

export const useChosenVms = (): Choice => useContext(Chosen)

/** Chooses one VM. The label around it is as large as a thumb. */
export function ChooseVm({ vm }: { vm: VmRef }) {
  const { has, set } = useChosenVms()
  return (
    <label className="vm-choose">
      <input
        type="checkbox"
        className="size-4"
        aria-label={`Choose ${vm.name}`}
        checked={has(vm)}
        onChange={(event) => set([vm], event.target.checked)}
      />
    </label>
  )
}

/** Chooses all that this page of the list shows. */
export function ChooseAll({ vms }: { vms: VmRef[] }) {
  const { has, set } = useChosenVms()
  const count = vms.filter(has).length
  return (
    <input
      type="checkbox"
      className="block size-4"
      aria-label="Choose all on this page"
      checked={vms.length > 0 && count === vms.length}
      ref={(input) => {
        if (input) input.indeterminate = count > 0 && count < vms.length
      }}
      onChange={(event) => set(vms, event.target.checked)}
    />
  )
}
