'use client'

import { useRouter } from 'next/navigation'
import type { ReactNode } from 'react'
import { VmDialogs } from '@/components/dialogs/vm-dialogs'
import { getJson } from '@/components/dialogs/use-get'
import { snapshotNamePath, vmPath } from '@/components/paths'
import type { VmActs } from '@/components/vm/vm-acts'
import type { VmRef } from '@/components/vm/vm-ref'

/** The dialogs of a snapshot's page. After a delete there is no such page: the VM's is the place to go on. */
export function SnapshotPageDialogs({
  vm,
  acts,
  children,
}: {
  vm: VmRef
  acts: VmActs
  children: ReactNode
}) {
  const router = useRouter()
  return (
    <VmDialogs
      vm={vm}
      mergeDisks={[]}
      acts={acts}
      onClosed={(dialog) => {
        if (dialog.act !== 'delete') return
        // The name is free again when the snapshot is gone.
        getJson(snapshotNamePath(vm.host, vm.uuid, dialog.snapshot), AbortSignal.timeout(5_000)).then(
          ({ refusal }) => {
            if (refusal === null) router.replace(vmPath(vm.host, vm.name))
          },
          () => undefined,
        )
      }}
    >
      {children}
    </VmDialogs>
  )
}
