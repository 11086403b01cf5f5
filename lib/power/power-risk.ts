import 'server-only'
import { posix } from 'node:path'
import type { Host } from '../hosts/host.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { describeNextStart, otherNextStarts } from '../hosts/next-start.ts'
import type { PowerAct } from '../hosts/power-rules.ts'
import { readSnapshots } from '../hosts/snapshot-metadata.ts'
import { findSameVm, sameVmRisk } from './same-vm-elsewhere.ts'
import { staleRisk, type OpenDisk } from './start-conflict.ts'

/** What a power act would cost beyond what its name says, a sentence that a person must have seen; null where nothing. */
export async function powerRisk(
  host: Host,
  vm: KnownVm,
  act: PowerAct,
  open: OpenDisk | null,
): Promise<string | null> {
  if (act === 'shutdown' || act === 'force-off') return (await missingImage(host, vm)) ?? otherFile(vm)
  if (act !== 'start') return null
  const risks = [await spoiltSnapshot(host, vm), await runsElsewhere(host, vm, open)]
  return risks.filter((risk) => risk !== null).join(' ') || null
}

/** Where both are known to have the same files the start is refused; this is for all that nobody can tell. */
async function runsElsewhere(host: Host, vm: KnownVm, open: OpenDisk | null): Promise<string | null> {
  const same = await findSameVm(host, vm.uuid)
  if (same) return sameVmRisk(vm.name, same)
  return open?.isStale ? staleRisk(vm.name, open) : null
}

/** A file that was deleted under a running VM: QEMU has it open, and nobody else ever will again. */
async function missingImage(host: Host, vm: KnownVm): Promise<string | null> {
  for (const { target, path, layers } of vm.description?.disks ?? [])
    for (const file of [path, ...layers.map((layer) => layer.path)]) {
      if (!file?.startsWith('/') || (await host.files.read(file, 0)).kind !== 'missing') continue
      return `The file ${posix.basename(file)} of ${target} is gone; only the running VM still holds it. Once the VM stops, what it holds is lost. Save the disk first: Check & repair on the VM’s page copies it to a new file while the VM goes on.`
    }
  return null
}

const otherFile = ({ description, next }: KnownVm): string | null => {
  const others = description && next ? otherNextStarts(description, next) : []
  return others.length > 0 ? describeNextStart(others) : null
}

/** A VM that is off and stands on what a snapshot froze, its overlay put aside by whoever defined it. */
async function spoiltSnapshot(host: Host, vm: KnownVm): Promise<string | null> {
  const { list } = await readSnapshots(await host.connection.reader(), vm.uuid)
  for (const { target, path, readonly } of vm.description?.disks ?? []) {
    const snapshot = readonly
      ? undefined
      : list.find((each) =>
          each.disks.some((disk) => disk.kind === 'external' && disk.frozenPath === path && path !== null),
        )
    if (snapshot)
      return `${target} is on ${posix.basename(path!)}, which the snapshot ${snapshot.name} froze: the start would write to it, ${snapshot.name} and every later snapshot would be spoilt, and what was written since is in none of the VM’s disks. Revert to a snapshot, or put ${target} back on its overlay first.`
  }
  return null
}
