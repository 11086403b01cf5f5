import 'server-only'
import { posix } from 'node:path'
import { readDiskChain, readDiskUsers } from '../chains/read-vm-chains.ts'
import type { ChainLayer, DiskChain } from '../chains/types.ts'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { readSnapshots } from '../hosts/snapshot-metadata.ts'
import { commitEffects, pullEffects, type Layer, type MergeEffects } from './merge-effects.ts'
import { readForeignFiles, readRestorePoints, type RestorePoint } from './restore-points.ts'
import type { MergeOption, MergeRange } from './types.ts'

export interface MergeQuestion {
  /** One disk; absent: every disk that has more than one layer. */
  target?: string
  /** Default: the active layer. */
  topPath?: string
  /** Default: the base of the chain for a commit, nothing below for a pull. null = nothing stays below (pull only). */
  basePath?: string | null
}

/** An option with what the saga needs beyond what is shown. */
export interface PlannedMerge extends MergeOption {
  movedSnapshots: string[]
}

/** Every way to merge the range asked for, legal or refused with the reason. Throws HostDown and VmGone. */
export async function planMerge(hostName: string, vmUuid: string, question: MergeQuestion): Promise<PlannedMerge[]> {
  const { host, vm } = await requireVm(hostName, vmUuid)
  host.files.forget()
  await host.jobs.poll(vm)
  const { list: snapshots } = await readSnapshots(await host.connection.reader(), vmUuid)
  const users = await readDiskUsers(host, 'now')
  const foreign = await readForeignFiles(host, vm.uuid)
  const disks = (vm.description?.disks ?? []).filter((disk) => disk.path !== null && (question.target === undefined || disk.target === question.target))
  const plans = await Promise.all(disks.map(async (disk) => {
    const chain = await readDiskChain(host, vm, disk, snapshots, users)
    if (chain.layers.length < 2 && question.target === undefined) return []
    const points = await readRestorePoints(host, disk.target, snapshots)
    const isShared = (path: string) => (users.get(path) ?? []).some((user) => user.vmUuid !== vm.uuid || user.target !== disk.target) || foreign.has(path)
    return propose(await planDisk({ host, vm, chain, points, foreign, isShared }, question))
  }))
  return plans.flat()
}

interface DiskSituation {
  host: Host
  vm: KnownVm
  chain: DiskChain
  points: RestorePoint[]
  /** Files that snapshots of other VMs read, and whose. */
  foreign: Map<string, string>
  isShared(path: string): boolean
}

async function planDisk(situation: DiskSituation, question: MergeQuestion): Promise<PlannedMerge[]> {
  const { chain } = situation
  const top = question.topPath ?? chain.layers.at(-1)?.path ?? ''
  const bottom = chain.layers[0]?.path ?? ''
  return Promise.all([
    planOne(situation, { target: chain.target, direction: 'commit', topPath: top, basePath: question.basePath === undefined ? bottom : question.basePath }),
    planOne(situation, { target: chain.target, direction: 'pull', topPath: top, basePath: question.basePath === undefined ? null : question.basePath }),
  ])
}

/** One range in one direction. */
async function planOne(situation: DiskSituation, range: MergeRange): Promise<PlannedMerge> {
  const { host, chain, points, isShared } = situation
  const topIndex = chain.layers.findIndex((layer) => layer.path === range.topPath)
  const baseIndex = range.basePath === null ? -1 : chain.layers.findIndex((layer) => layer.path === range.basePath)
  const nothing: MergeEffects = { bytesToCopy: 0, spaceNeededBytes: 0, lostSnapshots: [], keptSnapshots: points.map((point) => point.snapshot), movedSnapshots: [], removedPaths: [], resultPaths: chain.layers.map((layer) => layer.path) }
  const wrongRange = refuseRange(chain, range, baseIndex, topIndex)
  const layers = chain.layers.map(toLayer)
  const effects = wrongRange ? nothing : range.direction === 'commit' ? commitEffects(layers, baseIndex, topIndex, points, isShared) : pullEffects(layers, baseIndex, points, isShared)
  const receiver = range.direction === 'commit' ? range.basePath : range.topPath
  const spaceFreeBytes = wrongRange || receiver === null ? null : await host.files.freeBytes(posix.dirname(receiver))
  return {
    ...range, ...effects, removedFiles: effects.removedPaths, spaceFreeBytes, proposed: false,
    refusal: wrongRange ?? refuseState(situation, range, baseIndex, topIndex) ?? refuseSpace(effects, spaceFreeBytes, receiver),
  }
}

const toLayer = (layer: ChainLayer): Layer => ({ path: layer.path, allocatedBytes: layer.allocatedBytes ?? 0, virtualBytes: layer.virtualBytes ?? 0 })

function refuseRange(chain: DiskChain, range: MergeRange, baseIndex: number, topIndex: number): string | null {
  if (chain.layers.length < 2) return `${chain.target} has one layer only: there is nothing to merge.`
  if (topIndex === -1) return `${range.topPath} is not a layer of ${chain.target}. Reload the page: the chain changed.`
  if (range.basePath !== null && baseIndex === -1) return `${range.basePath} is not a layer of ${chain.target}. Reload the page: the chain changed.`
  if (range.direction === 'commit') {
    if (baseIndex === -1) return 'A commit needs a layer below that receives the data.'
    if (baseIndex >= topIndex) return 'The layer that receives the data must lie below the ones that are merged.'
    return null
  }
  if (topIndex !== chain.layers.length - 1) return 'libvirt pulls into the active layer only. Commit the range down instead.'
  if (baseIndex >= topIndex - 1) return baseIndex === topIndex ? 'The active layer can’t stay below itself.' : 'Nothing lies between the active layer and the one that stays below it.'
  return null
}

function refuseState({ vm, chain, foreign }: DiskSituation, range: MergeRange, baseIndex: number, topIndex: number): string | null {
  if (!vm.running) return `${vm.name} is ${vm.state}: QEMU merges, so the VM must run (or be paused). Start it first.`
  if (vm.state !== 'running' && vm.state !== 'paused' && vm.state !== 'blocked') return `${vm.name} is ${vm.state}: wait until it runs again.`
  if (chain.job) return `${chain.target} has a block job already (${chain.job.type}): one disk takes one at a time. Wait for it, or cancel it.`
  const broken = chain.layers.flatMap((layer) => layer.problems.filter((problem) => problem.kind !== 'format-differs'))[0]
  if (broken) return `The chain is not sound: ${broken.sentence}`
  if (range.direction === 'pull') return null
  const shared = chain.layers.slice(baseIndex, topIndex + 1).find((layer) => layer.sharedWith.length > 0)
  const user = shared?.sharedWith[0]
  const read = chain.layers.slice(baseIndex, topIndex + 1).find((layer) => foreign.has(layer.path))
  if (read) return `${read.path} is read by ${foreign.get(read.path)}: a commit would change what reverting to it gives. Pull up instead.`
  return shared && user ? `${shared.path} is also a layer of ${user.target} of the VM ${user.vmName}: a commit would change what that VM reads. Pull up instead.` : null
}

function refuseSpace(effects: MergeEffects, freeBytes: number | null, receiver: string | null): string | null {
  if (freeBytes === null || receiver === null || freeBytes >= effects.spaceNeededBytes) return null
  return `There may not be enough space: ${receiver} can grow by ${effects.spaceNeededBytes} bytes, and its file system has ${freeBytes} free. Free space first.`
}

/** Marks the cheaper of a disk's legal options. */
function propose(options: PlannedMerge[]): PlannedMerge[] {
  const best = options.filter((option) => option.refusal === null).sort((a, b) => a.bytesToCopy - b.bytesToCopy || a.lostSnapshots.length - b.lostSnapshots.length)[0]
  return options.map((option) => ({ ...option, proposed: option === best }))
}
