import type { Checkpoint } from './own-checkpoints.ts'

/** What an increment could rest on. */
export interface Parent {
  id: string
  checkpoint: string | null
  disks: readonly { target: string; virtualBytes: number }[]
  check: 'unchecked' | 'good' | 'damaged'
  /** Backups from the full up to it, itself included. */
  chainLength: number
  /** Of the full at the bottom of its chain. */
  fullAtMs: number
  /** Why its directory can't be used; null when its manifest was read there. */
  unusable: string | null
}

export interface KindQuestion {
  /** The newest backup of the VM in this target that has a checkpoint; null when there is none. */
  parent: Parent | null
  /** Keyframe's checkpoints of the VM, oldest first. */
  checkpoints: readonly Checkpoint[]
  disks: readonly { target: string; virtualBytes: number }[]
  fullEveryDays: number
  forceFull: boolean
  nowMs: number
}

export type Kind =
  | { kind: 'increment'; parentId: string; checkpoint: string; changedBytes: number }
  | { kind: 'full'; reason: string }

/** A chain is opened whole to restore from it, and libvirt opens 25 layers (hosts/start-depth.ts). */
export const CHAIN_MAXIMUM = 24

const DAY_MS = 24 * 60 * 60_000
const full = (reason: string): Kind => ({ kind: 'full', reason })

/** Whether the next backup can hold only what changed; else why it is a full. Pure. */
export function decideKind({
  parent,
  checkpoints,
  disks,
  fullEveryDays,
  forceFull,
  nowMs,
}: KindQuestion): Kind {
  if (forceFull) return full('A full was asked for.')
  if (parent === null) return full('It is the first backup of this VM in this target.')
  if (parent.checkpoint === null) return full(`The last backup (${parent.id}) left no checkpoint.`)
  if (parent.check === 'damaged')
    return full(`The last backup (${parent.id}) is damaged, so nothing may rest on it.`)
  if (parent.unusable !== null)
    return full(`The last backup (${parent.id}) can’t be used: ${parent.unusable}.`)
  if (nowMs - parent.fullAtMs >= fullEveryDays * DAY_MS)
    return full(
      `The last full is ${Math.floor((nowMs - parent.fullAtMs) / DAY_MS)} days old, and a new one is due every ${fullEveryDays}.`,
    )
  if (parent.chainLength >= CHAIN_MAXIMUM)
    return full(
      `The last full has ${parent.chainLength - 1} increments on top of it, as many as libvirt can open in one chain.`,
    )
  const newest = checkpoints.at(-1)
  const own = checkpoints.find((each) => each.name === parent.checkpoint)
  if (!own) return full(`The checkpoint of the last backup (${parent.checkpoint}) is gone from the VM.`)
  if (newest !== own)
    return full(
      `A later backup of this VM (checkpoint ${newest?.name}) went to another target, so what changed since the last one here is not known.`,
    )
  const before = new Map(parent.disks.map((disk) => [disk.target, disk.virtualBytes]))
  for (const { target, virtualBytes } of disks) {
    const was = before.get(target)
    if (was === undefined)
      return full(`${target} is not part of the last backup: it is new, or was not chosen then.`)
    if (was !== virtualBytes) return full(`${target} was resized from ${was} to ${virtualBytes} bytes.`)
    const changed = own.changedBytes.get(target)
    if (changed === undefined) return full(`The last checkpoint does not cover ${target}.`)
    if (changed === null)
      return full(
        `The record of what changed on ${target} (its dirty bitmap) is lost or broken: the VM was reverted, its QEMU crashed, or another tool removed it.`,
      )
  }
  return {
    kind: 'increment',
    parentId: parent.id,
    checkpoint: own.name,
    changedBytes: disks.reduce((sum, { target }) => sum + (own.changedBytes.get(target) ?? 0), 0),
  }
}
