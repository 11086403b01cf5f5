import type { JobKind } from '../jobs/types.ts'

/** What a job is about, of all that was asked of it: the VM's own disks, its snapshots and its image files. */
export interface JobSubject {
  /** Of a power act and a repair: which; "" for other kinds. */
  act: string
  /** Disks of the VM, by target. */
  targets: string[]
  /** Snapshots of the VM. The one that the job was begun for comes last. */
  snapshots: string[]
  merges: { target: string; topPath: string; basePath: string | null; direction: 'commit' | 'pull' }[]
}

/** What libvirt takes for the target of a disk (its virDiskNameParse, src/util/virutil.c). A manifest could hold anything there. */
const TARGET = /^(?:fd|hd|vd|sd|xvd|ubd|nvme)[a-z0-9]{1,6}$/
export const isTarget = (text: unknown): text is string => typeof text === 'string' && TARGET.test(text)

const NOTHING: JobSubject = { act: '', targets: [], snapshots: [], merges: [] }
const object = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
const list = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.map(object) : [])
const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const targetsOf = (disks: unknown) =>
  list(disks)
    .map((disk) => disk.target)
    .filter(isTarget)
const named = (...names: unknown[]) => names.map(text).filter((name) => name !== '')

/** Reads it from a saga's input: named fields alone, so that a field that comes later tells nothing. */
export function jobSubject(kind: JobKind, given: unknown): JobSubject {
  const input = object(given)
  switch (kind) {
    case 'start':
    case 'shutdown':
    case 'resume':
    case 'thaw':
      return { ...NOTHING, act: text(input.act) }
    case 'snapshot': {
      const request = object(input.request)
      return { ...NOTHING, targets: targetsOf(request.disks), snapshots: named(request.name) }
    }
    case 'revert':
      return {
        ...NOTHING,
        targets: targetsOf(input.paths),
        snapshots: named(object(input.safety).name, input.snapshot),
      }
    case 'delete':
      return { ...NOTHING, snapshots: named(...(Array.isArray(input.order) ? input.order : [])) }
    case 'merge': {
      const merges = list(input.plans)
        .filter((plan) => isTarget(plan.target))
        .map((plan) => ({
          target: text(plan.target),
          topPath: text(plan.topPath),
          basePath: plan.basePath === null ? null : text(plan.basePath),
          direction: plan.direction === 'pull' ? ('pull' as const) : ('commit' as const),
        }))
      return { ...NOTHING, targets: merges.map(({ target }) => target), merges }
    }
    case 'repair': {
      const plan = object(input.plan)
      return {
        ...NOTHING,
        act: text(plan.act),
        targets: [plan.target].filter(isTarget),
        snapshots: named(plan.snapshot),
      }
    }
    case 'backup':
    case 'backup-copy':
    case 'restore':
    case 'restore-in-place':
      return { ...NOTHING, targets: targetsOf(input.disks) }
    case 'backup-check':
    case 'backup-remove':
    case 'restore-end':
      return NOTHING
  }
}
