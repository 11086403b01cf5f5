import { expect, it } from 'vitest'
import { parseSnapshotXml } from '../hosts/snapshot-metadata.ts'
import { refuseBlock } from './revert-rules.ts'

const snapshot = (type: string, source: string) =>
  parseSnapshotXml(`<domainsnapshot><name>s1</name>
    <disks><disk name='vda' snapshot='external' type='file'><source file='/i/web.s1'/></disk></disks>
    <domain><devices><disk type='${type}' device='disk'><driver name='qemu' type='raw'/><source ${source}/><target dev='vda'/></disk></devices></domain>
  </domainsnapshot>`)

it('a revert to what a block device holds is refused in words, and to a file above one is not', () => {
  expect(refuseBlock(snapshot('block', "dev='/dev/vg0/web'"))).toMatch(
    /vda wrote to the block device \/dev\/vg0\/web then/,
  )
  expect(refuseBlock(snapshot('file', "file='/i/web.s0'"))).toBeNull()
})
