import 'server-only'
import type { Host } from '../hosts/host.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { hostByName } from '../hosts/registry.ts'
import { readSnapshots } from '../hosts/snapshot-metadata.ts'
import { walkChain } from '../hosts/walk-chain.ts'
import { lockOn } from '../jobs/locks.ts'
import { Refusal } from '../jobs/refusal.ts'
import { readFileUsers } from '../storage/file-users.ts'
import { readLayerPaths } from './read-vm-chains.ts'

/**
 * Every file of the VM's chains, those of its snapshots on other branches included, under each name that it has on any host:
 * while an operation holds them no other one of any VM may touch them. Throws Refusal when a block job of another VM, whoever
 * began it, works on one of them.
 */
export async function readChainLocks(host: Host, vm: KnownVm): Promise<string[]> {
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
  const files = new Set([
    ...(await readLayerPaths(host, vm)),
    ...frozen.flatMap((chain) => chain.layers.map((layer) => layer.reading.path)),
  ])
  const users = await readFileUsers(host, [...files], 'known')
  const elsewhere: string[] = []
  for (const path of files) {
    for (const use of users.of(path)) {
      if (use.path !== path || use.host !== host.name)
        elsewhere.push(use.host === host.name ? use.path : lockOn(use.host, use.path))
      if (use.kind !== 'disk' || (use.host === host.name && use.vmUuid === vm.uuid)) continue
      const job = hostByName(use.host)
        ?.jobs.jobsOf(use.vmUuid)
        .find((each) => each.target === use.target)
      if (job)
        throw new Refusal(
          `${vm.name} shares ${path} with ${use.vmName}${use.host === host.name ? '' : ` on ${use.host}`}, where a block job of ${use.target} runs. Wait for it, or cancel it.`,
        )
    }
  }
  return [...new Set([...files, ...elsewhere])].sort()
}
