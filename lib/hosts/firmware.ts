import type { Connect } from 'node-libvirt'
import { child, children, childText, parseXml } from './xml.ts'

/** Paths of the firmware that VMs defined on the host start with: whoever defined them may choose it. */
export async function readFirmwareInUse(connect: Connect): Promise<string[]> {
  const xmls = await Promise.all(
    (await connect.listAllDomains()).map((domain) => domain.getXMLDesc().catch(() => null)),
  )
  return xmls.flatMap((xml) => {
    // A VM whose XML can't be read keeps no other from being restored.
    try {
      const path = xml === null ? null : childText(child(parseXml(xml, 'domain'), 'os'), 'loader')
      return path === null || path.trim() === '' ? [] : [path.trim()]
    } catch {
      return []
    }
  })
}

/** Paths of the firmware that libvirt offers to guests of a kind here; none where it knows nothing of such guests. Needs a connection that may write. */
export async function readFirmware(
  connect: Connect,
  kind: { arch: string | null; machine: string | null; virtType: string | null },
): Promise<string[]> {
  const { arch, machine, virtType } = kind
  const xml = await connect
    .getDomainCapabilities({
      ...(arch === null ? {} : { arch }),
      ...(machine === null ? {} : { machine }),
      ...(virtType === null ? {} : { virtType }),
    })
    .catch(() => null)
  if (xml === null) return []
  const loader = child(child(parseXml(xml, 'domainCapabilities'), 'os'), 'loader')
  return children(loader, 'value')
    .map((value) => (typeof value['#text'] === 'string' ? value['#text'].trim() : ''))
    .filter((path) => path !== '')
}
