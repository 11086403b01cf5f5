'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { ScheduleInput } from '@/lib/schedules/schedule-input'
import type { Schedule } from '@/lib/schedules/types'
import type { BackupActs } from '@/components/backups/backup-acts'
import { HowFields, newHow, parseHow } from '@/components/backups/how-fields'
import { KeepFields } from '@/components/backups/keep-fields'
import { NEW_RETENTION, newWhen, parseWhen, WhenFields } from '@/components/backups/when-fields'
import { getJson } from '@/components/dialogs/use-get'
import { useSettled } from '@/components/dialogs/use-settled'
import { formatInZone } from '@/components/format-time'
import { ManyForm, type Intent } from '@/components/many/many-form'
import { TargetFields } from '@/components/many/target-fields'
import { useBackupForms } from '@/components/many/use-backup-forms'
import { useReadEach } from '@/components/many/use-read-each'
import { schedulePreviewPath } from '@/components/paths'
import { randomId } from '@/components/random-id'
import { vmKey, type VmRef } from '@/components/vm/vm-ref'

/** The same schedule for each VM, as one of its own, so that each can be changed by itself later. */
export function ScheduleManyDialog({
  vms,
  acts,
  onClose,
}: {
  vms: VmRef[]
  acts: BackupActs
  onClose: () => void
}) {
  const router = useRouter()
  const [ids] = useState(() => new Map(vms.map((vm) => [vmKey(vm), randomId()])))
  const [when, setWhen] = useState(newWhen)
  const [how, setHow] = useState(newHow)
  const [keep, setKeep] = useState(NEW_RETENTION)
  const { pending, byHost, chosen, choose, targetOf, formOf, refusalOf } = useBackupForms(vms)
  const raw = (vm: VmRef) =>
    formOf(vm)!.disks.some((disk) => disk.refusal === null && disk.format !== 'qcow2')
  const methodOf = (vm: VmRef): Schedule['method'] => (raw(vm) ? 'copy' : 'incremental')
  const inputOf = (vm: VmRef): ScheduleInput => ({
    id: ids.get(vmKey(vm))!,
    exists: false,
    host: vm.host,
    vmUuid: vm.uuid,
    targetId: targetOf(vm.host)?.id ?? '',
    method: methodOf(vm),
    ...parseHow(how, methodOf(vm)),
    when: parseWhen(when),
    timeZone: when.timeZone,
    jitterMinutes: Number(when.jitter),
    retention: keep,
    enabled: true,
  })
  const able = pending ? [] : vms.filter((vm) => refusalOf(vm) === null)
  // Each is asked anew once nothing was typed for a moment.
  const question = useSettled(JSON.stringify(able.map(inputOf)))
  const { readings: previews, pending: previewing } = useReadEach(able, question, (vm, signal) =>
    getJson(schedulePreviewPath(inputOf(vm)), signal),
  )
  const settled = question === JSON.stringify(able.map(inputOf)) && !previewing
  const first = able.map((vm) => previews.get(vmKey(vm))).find((reading) => reading !== undefined)
  const intentOf = (vm: VmRef): Intent | null => {
    const refusal = refusalOf(vm)
    if (refusal !== null) return { words: null, refusal }
    const reading = formOf(vm) === null ? undefined : previews.get(vmKey(vm))
    if (!reading) return null
    if (reading.data === null) return { words: null, refusal: reading.message }
    const dropped = reading.data.retention
      .flatMap((each) => each.verdicts)
      .filter((verdict) => !verdict.keep).length
    return {
      refusal: null,
      words: (
        <>
          <p>
            {raw(vm) ? 'snapshot, copy, merge: a disk is not qcow2' : 'incremental'}
            {dropped > 0 &&
              `. ${dropped === 1 ? 'One backup that stands' : `${dropped} backups that stand`} there now would go`}
          </p>
          {reading.data.endsLeftOut !== null && (
            <p className="text-warn">
              It is left out of protection{reading.data.endsLeftOut && ` (${reading.data.endsLeftOut})`}: this
              ends that.
            </p>
          )}
          {reading.data.beside.map((words, index) => (
            <p key={index} className="text-warn">
              Another schedule of it goes on beside this one: {words}.
            </p>
          ))}
        </>
      ),
    }
  }
  return (
    <ManyForm
      title={`Schedule of ${vms.length === 1 ? vms[0]!.name : `${vms.length} VMs`}`}
      vms={vms}
      act="Save schedules"
      intentOf={intentOf}
      ready={!pending && settled}
      send={(vm) => acts.saveSchedule(inputOf(vm))}
      onClose={() => {
        router.refresh()
        onClose()
      }}
    >
      <TargetFields byHost={byHost} chosen={chosen} onChoose={choose} />
      <WhenFields value={when} onChange={setWhen} errors={{}} />
      <KeepFields value={keep} onChange={setKeep} error={undefined} />
      <HowFields value={how} onChange={setHow} methods={[...new Set(able.map(methodOf))]} errors={{}} />
      <section
        aria-label="Preview"
        className="flex min-h-36 flex-col gap-1.5 rounded-md border border-line px-3 py-2 text-sm"
      >
        {first?.message && (
          <p role="status" className="text-warn">
            {first.message}
          </p>
        )}
        {first?.data && (
          <>
            <p className="font-medium">Each runs {first.data.words}</p>
            <ol aria-label="Next runs" className="text-[13px] text-muted">
              {first.data.nextRuns.map(({ atMs }) => (
                <li key={atMs}>{formatInZone(atMs, when.timeZone)}</li>
              ))}
            </ol>
          </>
        )}
      </section>
    </ManyForm>
  )
}
