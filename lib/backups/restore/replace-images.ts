import 'server-only'
import { isLibvirtError, VIR_DOMAIN_XML_INACTIVE, VIR_DOMAIN_XML_SECURE } from 'node-libvirt'
import { defineDomain } from '../../hosts/described-calls.ts'
import { requireVm } from '../../hosts/find-vm.ts'
import type { Host } from '../../hosts/host.ts'
import { stateWords } from '../../hosts/state-words.ts'
import { Refusal } from '../../jobs/refusal.ts'
import type { LogCall } from '../../jobs/step-log.ts'
import { withImages } from './restored-xml.ts'

export interface Image {
  target: string
  path: string
  format: string
}

/** True when the VM is off and starts from exactly these images. */
export async function startsFrom(hostName: string, uuid: string, images: readonly Image[]): Promise<boolean> {
  const { vm } = await requireVm(hostName, uuid)
  return (
    !vm.running &&
    images.every((image) =>
      vm.description?.disks.some(
        (disk) => disk.target === image.target && disk.path === image.path && disk.format === image.format,
      ),
    )
  )
}

/** Lets a VM that is off start from other images from now on; its XML is not put on record, for it holds secrets. Throws Refusal. */
export async function replaceImages(
  host: Host,
  uuid: string,
  images: readonly Image[],
  call: LogCall,
): Promise<true> {
  const { vm } = await requireVm(host.name, uuid)
  if (vm.running)
    throw new Refusal(
      `${vm.name} is ${stateWords(vm.state)}: its disks can be replaced only while it is off.`,
    )
  await host.connection
    .operate(async (connect) => {
      const domain = await connect.domainLookupByUUID(uuid)
      if (await domain.hasManagedSaveImage())
        throw new Refusal(
          `${vm.name} has a saved state (managed save), which belongs to its old disks. Discard it first: virsh managedsave-remove.`,
        )
      const xml = withImages(
        await domain.getXMLDesc([VIR_DOMAIN_XML_SECURE, VIR_DOMAIN_XML_INACTIVE]),
        new Map(images.map((image) => [image.target, image])),
      )
      await call(defineDomain(connect, host.connection.uri, xml))
    })
    .catch((error: unknown) => {
      throw isLibvirtError(error)
        ? new Refusal(
            `libvirt did not take the other disks of ${vm.name}: ${error.message}. It has those it had.`,
          )
        : error
    })
  host.changed(uuid)
  if (!(await startsFrom(host.name, uuid, images)))
    throw new Refusal(
      `libvirt took the other disks of ${vm.name}, but its XML does not name them. Look at it before you start it.`,
    )
  return true
}
