'use client'

import { useState } from 'react'
import type { MergeOption } from '@/lib/merges/types'
import { baseName } from '@/components/base-name'
import { ActDialog } from '@/components/dialogs/act-dialog'
import { ActForm } from '@/components/dialogs/act-form'
import { MergeOptions } from '@/components/dialogs/merge-options'
import { MergeRangeFields, type MergeDisk, type RangeChoice } from '@/components/dialogs/merge-range-fields'
import { PlanView } from '@/components/dialogs/plan-view'
import { usePlan } from '@/components/dialogs/use-plan'
import { useStart } from '@/components/dialogs/use-start'
import { parseMibPerSecond } from '@/components/format-bytes'
import { mergePlanPath } from '@/components/paths'
import { Field } from '@/components/ui/field'
import type { VmActs } from '@/components/vm/vm-acts'
import type { VmRef } from '@/components/vm/vm-ref'

interface Props {
  vm: VmRef
  /** Disks of more than one layer. */
  disks: MergeDisk[]
  acts: VmActs
  onClose: () => void
}

export function MergeDialog({ vm, disks, acts, onClose }: Props) {
  return (
    <ActDialog title={`Merge layers of ${vm.name}`} acts={acts} onClose={onClose}>
      {({ nonce, onStarted }) => (
        <Fields vm={vm} disks={disks} acts={acts} onClose={onClose} nonce={nonce} onStarted={onStarted} />
      )}
    </ActDialog>
  )
}

function Fields({
  vm,
  disks,
  acts,
  onClose,
  nonce,
  onStarted,
}: Props & { nonce: string; onStarted: (result: { jobId: string }) => void }) {
  const [range, setRange] = useState<RangeChoice>({
    target: disks.length === 1 ? (disks[0]?.target ?? '') : '',
    topPath: '',
    basePath: '',
  })
  const [limit, setLimit] = useState('')
  const [picked, setPicked] = useState<Record<string, string>>({})
  const [removeTemplates, setRemoveTemplates] = useState(false)
  const [typed, setTyped] = useState<Record<string, string>>({})
  const asked = {
    removeTemplates,
    ...(range.target ? { target: range.target } : {}),
    ...(range.topPath ? { topPath: range.topPath } : {}),
    ...(range.basePath ? { basePath: range.basePath } : {}),
  }
  const { plan: options, planMessage, planning, onRefused } = usePlan(mergePlanPath(vm.host, vm.uuid, asked))
  const { submit, pending, message, fields } = useStart(acts.merge, onStarted, onRefused)
  const chosen = choose(options ?? [], picked)
  const templates = [...new Set(chosen.flatMap((option) => option.templates))]
  const insisted = chosen.every(({ target, insist }) => insist === null || typed[target] === insist)
  const bandwidthBytesPerSecond = parseMibPerSecond(limit)
  return (
    <ActForm
      act="Merge"
      ready={!planning && chosen.length > 0 && insisted && bandwidthBytesPerSecond !== null}
      pending={pending}
      message={message ?? planMessage}
      onClose={onClose}
      onSubmit={() =>
        submit({
          host: vm.host,
          vm: vm.uuid,
          bandwidthBytesPerSecond: bandwidthBytesPerSecond ?? 0,
          nonce,
          ranges: chosen.map(({ target, direction, topPath, basePath, plan }) => ({
            target,
            direction,
            topPath,
            basePath,
            fingerprint: plan.fingerprint,
            removeTemplates,
            insist: typed[target],
          })),
        })
      }
    >
      <MergeRangeFields
        disks={disks}
        range={range}
        onChange={(next) => {
          setRange(next)
          setPicked({})
        }}
      />
      <div className="min-h-40">
        {options ? (
          <MergeOptions
            disks={disks}
            options={options}
            chosen={chosen}
            onPick={(option) => setPicked({ ...picked, [option.target]: option.direction })}
            dimmed={planning}
          />
        ) : (
          !planMessage && <p className="text-sm text-muted">Asking the host…</p>
        )}
      </div>
      {templates.length > 0 && (
        <label className="flex items-start gap-2.5 text-sm max-sm:min-h-11 max-sm:py-1.5">
          <input
            type="checkbox"
            className="mt-0.5 size-4 shrink-0"
            checked={removeTemplates}
            onChange={(event) => setRemoveTemplates(event.target.checked)}
          />
          <span className="break-names">
            <span className="font-medium">Also remove {templates.map(baseName).join(', ')}</span>
            <span className="block text-muted">
              {templates.length === 1 ? 'It is a template' : 'They are templates'}: {vm.name} is not known to
              have written to {templates.length === 1 ? 'it' : 'them'}, and new VMs may be made from{' '}
              {templates.length === 1 ? 'it' : 'them'}.
            </span>
          </span>
        </label>
      )}
      {chosen.map(
        ({ target, insist }) =>
          insist !== null && (
            <Field
              key={target}
              label={`Type ${insist} to change this template`}
              value={typed[target] ?? ''}
              onChange={(event) => setTyped({ ...typed, [target]: event.target.value })}
              error={fields.insist}
              autoComplete="off"
              spellCheck={false}
            />
          ),
      )}
      {chosen.length > 0 && (
        <PlanView plans={chosen.map(({ target, plan }) => ({ name: target, plan }))} dimmed={planning} />
      )}
      <Field
        label="Bandwidth limit, MiB/s"
        value={limit}
        onChange={(event) => setLimit(event.target.value)}
        inputMode="decimal"
        placeholder="none"
        className="sm:max-w-72"
        error={bandwidthBytesPerSecond === null ? 'A number of MiB/s, or nothing for no limit.' : undefined}
        hint="Can be changed while it runs."
      />
    </ActForm>
  )
}

/** For each disk the direction that was picked, else the proposed one; a refused one is never chosen. */
function choose(options: MergeOption[], picked: Record<string, string>): MergeOption[] {
  return [...new Set(options.map((option) => option.target))].flatMap((target) => {
    const legal = options.filter((option) => option.target === target && option.refusal === null)
    const option =
      legal.find((each) => each.direction === picked[target]) ??
      legal.find((each) => each.proposed) ??
      legal[0]
    return option ? [option] : []
  })
}
