import { compareClients } from '../../lib/node-libvirt/bench/compare.ts'
import { testDriverUri } from '../../lib/testing/lab/test-driver.ts'
import { type Lab } from '../../lib/testing/lab/lab.ts'
import { type Line } from './table.ts'

const DOMAINS = 1000
const ROUNDS = 9
/** At least 2.5 times as fast. */
const AIM = { atMost: 0.4 }

/** (a) node-libvirt beside the C library in Python, and virsh. */
export async function benchClient(lab: Lab): Promise<Line[]> {
  const medians = await compareClients(testDriverUri(lab, DOMAINS), DOMAINS, ROUNDS)
  const titles = { xml: '1,000 getXMLDesc', inventory: 'inventory of 1,000 VMs' }
  return (['xml', 'inventory'] as const).flatMap((work) => {
    const { 'node-libvirt': keyframe, 'python3-libvirt': python, virsh } = medians[work]
    const line = { what: titles[work], keyframe, unit: 'ms' }
    return [
      { ...line, peer: python, peerName: 'python3-libvirt', aim: AIM },
      { ...line, peer: virsh, peerName: 'virsh', aim: AIM },
    ]
  })
}
