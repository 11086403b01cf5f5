'use client'

import { useState } from 'react'
import type { Schedule } from '@/lib/schedules/types'
import type { BackupActs } from '@/components/backups/backup-acts'
import { ScheduleFields } from '@/components/backups/schedule-fields'
import { Dialog } from '@/components/ui/dialog'
import { SelectField } from '@/components/ui/field'

interface Props {
  hosts: readonly string[]
  targets: readonly { id: string; name: string; host: string }[]
  /** The one that is changed; null = a new one. */
  schedule: Schedule | null
  acts: BackupActs
  onClose: () => void
}

/** When backups are made of every VM of a host that has no schedule of its own and is not left out. */
export function HostScheduleDialog({ hosts, targets, schedule, acts, onClose }: Props) {
  const [host, setHost] = useState(schedule?.host ?? hosts[0] ?? '')
  return (
    <Dialog
      open
      title={schedule === null && hosts.length > 1 ? 'Schedule a host' : `Schedule of every VM on ${host}`}
      onClose={onClose}
    >
      <ScheduleFields
        host={host}
        vmUuid={null}
        schedule={schedule}
        targets={targets.filter((target) => target.host === host)}
        raw={false}
        acts={acts}
        onClose={onClose}
      >
        {schedule === null && hosts.length > 1 && (
          <SelectField label="Host" value={host} onChange={(event) => setHost(event.target.value)}>
            {hosts.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </SelectField>
        )}
        <p className="text-sm">
          It covers every VM of {host} that has no schedule of its own and is not left out of protection, and
          each that is made later.
        </p>
      </ScheduleFields>
    </Dialog>
  )
}
