'use client'

import { useState } from 'react'
import type { BackupForm } from '@/lib/backups/backup-form'
import type { TargetState } from '@/lib/backups/targets/target-states'
import { getJson } from '@/components/dialogs/use-get'
import { firstTarget } from '@/components/many/target-fields'
import { useReadEach } from '@/components/many/use-read-each'
import { backupFormPath } from '@/components/paths'
import { vmKey, type VmRef } from '@/components/vm/vm-ref'

/** What backups of these VMs can be, and the target that was chosen for each host. */
export function useBackupForms(vms: readonly VmRef[]) {
  const { readings, pending } = useReadEach(vms, '', (vm, signal) =>
    getJson(backupFormPath(vm.host, vm.uuid), signal),
  )
  const [chosen, setChosen] = useState<ReadonlyMap<string, string>>(new Map())
  const byHost = new Map<string, TargetState[]>()
  for (const vm of vms) {
    const targets = readings.get(vmKey(vm))?.data?.targets ?? []
    if (targets.length > 0) byHost.set(vm.host, targets)
  }
  const targetOf = (host: string): TargetState | null => {
    const targets = byHost.get(host) ?? []
    return targets.find((target) => target.id === chosen.get(host)) ?? firstTarget(targets) ?? null
  }
  return {
    pending,
    byHost,
    chosen,
    targetOf,
    choose: (host: string, targetId: string) => setChosen((before) => new Map(before).set(host, targetId)),
    formOf: (vm: VmRef): BackupForm | null => readings.get(vmKey(vm))?.data ?? null,
    /** Why the VM is left out; null while it is not known, or when it is not. */
    refusalOf: (vm: VmRef): string | null => {
      const reading = readings.get(vmKey(vm))
      if (!reading) return null
      if (reading.data === null) return reading.message
      if (reading.data.targets.length === 0)
        return `${vm.host} has no backup target yet; an admin adds one under Backups.`
      return reading.data.disks.some((disk) => disk.refusal === null)
        ? null
        : 'no disk of it can be backed up.'
    },
  }
}
