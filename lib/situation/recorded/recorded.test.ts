import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { planMerge } from '../../merges/plan-merge.ts'
import { planDelete } from '../../snapshots/plan-delete.ts'
import { planRevert } from '../../snapshots/plan-revert.ts'
import type { Recorded } from './recorded.ts'

// States of real VMs with libvirt's real answers, planned on again. A report from the field becomes one more file here.

const folder = new URL('./', import.meta.url)
const files = readdirSync(folder).filter((file) => file.endsWith('.json'))
const read = (file: string) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Recorded

function refusalOf({ act, situation }: Recorded): string | null {
  if (act.kind === 'merge')
    return planMerge(situation, { target: act.target }).find((each) => each.direction === act.direction)!
      .refusal
  return act.kind === 'delete'
    ? planDelete(situation, { snapshot: act.snapshot, withChildren: false }).refusal
    : planRevert(situation, act.snapshot).refusal
}

it('there are states of each act that libvirt did, and that it refused', () => {
  const all = files.map(read)
  for (const kind of ['delete', 'revert', 'merge'])
    for (const refuses of [true, false])
      expect(
        all.some(({ act, libvirtRefuses }) => act.kind === kind && (libvirtRefuses !== null) === refuses),
        `${kind} ${refuses ? 'refused' : 'done'}`,
      ).toBe(true)
})

describe('a plan refuses what libvirt refuses, and no more but for a reason', () => {
  it.each(files)('%s', (file) => {
    const recorded = read(file)
    const refusal = refusalOf(recorded)
    expect(refusal !== null, refusal ?? 'not refused').toBe(recorded.planRefuses)
    const safer = recorded.saferBecause !== null
    expect(refusal !== null).toBe(recorded.libvirtRefuses !== null || safer)
  })
})
