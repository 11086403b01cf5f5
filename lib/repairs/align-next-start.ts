import 'server-only'
import { VIR_DOMAIN_XML_INACTIVE, VIR_DOMAIN_XML_SECURE } from 'node-libvirt'
import { defineDomain } from '../hosts/described-calls.ts'
import { requireHost, requireVm } from '../hosts/find-vm.ts'
import { otherNextStarts } from '../hosts/next-start.ts'
import { Refusal } from '../jobs/refusal.ts'
import type { SagaContext } from '../jobs/saga.ts'
import { alignDisks, type AlignedDisk } from './align-disks.ts'
import type { RepairJob } from './repair-job.ts'
import { sameAsPreviewed } from './same-as-previewed.ts'

/** Has the configuration name the files that the running VM writes to. Returns the job's result. */
export async function alignNextStart(
  { input, step }: SagaContext<RepairJob>,
  disks: readonly AlignedDisk[],
): Promise<string[]> {
  const host = requireHost(input.host)
  const uuid = input.vm!
  const isAligned = async () => {
    host.changed(uuid)
    const { vm } = await requireVm(input.host, uuid)
    const others = vm.description && vm.next ? otherNextStarts(vm.description, vm.next) : []
    return vm.running && disks.every(({ target }) => !others.some((each) => each.target === target))
  }
  await step('define', {
    isDone: async () => ((await isAligned()) ? true : null),
    do: async (call) => {
      await sameAsPreviewed(input)
      await host.connection.operate(async (connect) => {
        const domain = await connect.domainLookupByUUID(uuid)
        const xml = await domain.getXMLDesc([VIR_DOMAIN_XML_INACTIVE, VIR_DOMAIN_XML_SECURE])
        await call(defineDomain(connect, host.connection.uri, alignDisks(xml, disks)))
      })
      return true
    },
  })
  return step('look again', {
    do: async () => {
      if (!(await isAligned()))
        throw new Refusal(
          'libvirt took the configuration, but the next start still uses other files. Look at it with virsh edit before the VM stops.',
        )
      return disks.map(({ target, path }) => `The next start uses ${path} for ${target}, as the VM does now.`)
    },
  })
}
