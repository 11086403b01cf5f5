import 'server-only'
import type { Host } from '../hosts/host.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { readSnapshots } from '../hosts/snapshot-metadata.ts'
import { walkChain } from '../hosts/walk-chain.ts'
import { Refusal } from '../jobs/refusal.ts'
import { readDiskUsers } from './read-vm-chains.ts'

/**
 * Every file of the VM's chains, those of its snapshots on other branches included: while an operation holds them no other
 * one of any VM may touch them. Throws Refusal when a block job of another VM, whoever began it, works on one of them.
 */
export async function readChainLocks(host: Host, vm: KnownVm): Promise<string[]> {
  const users = await readDiskUsers(host, 'known')
  const { list } = await readSnapshots(await host.connection.reader(), vm.uuid)
  const frozen = await Promise.all(
    list.flatMap((snapshot) =>
      snapshot.disks.flatMap((disk) =>
        disk.kind === 'external' && disk.frozenPath
          ? [walkChain(host.files, disk.frozenPath, disk.frozenFormat)]
          : [],
      ),
    ),
  )
  const own = [...users].filter(([, of]) => of.some((user) => user.vmUuid === vm.uuid)).map(([path]) => path)
  const files = new Set([
    ...own,
    ...frozen.flatMap((chain) => chain.layers.map((layer) => layer.reading.path)),
  ])
  for (const path of files) {
    for (const user of users.get(path) ?? []) {
      const job =
        user.vmUuid === vm.uuid
          ? undefined
          : host.jobs.jobsOf(user.vmUuid).find((each) => each.target === user.target)
      if (job)
        throw new Refusal(
          `${vm.name} shares ${path} with ${user.vmName}, where a block job of ${user.target} runs. Wait for it, or cancel it.`,
        )
    }
  }
  return [...files].sort()
}
