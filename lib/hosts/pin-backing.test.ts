import { expect, it } from 'vitest'
import { pinBacking, repinBacking } from './pin-backing.ts'

const XML = `<domainsnapshot>
  <disks>
    <disk name='vda' snapshot='external' type='file'><source file='/i/a.s1'/></disk>
    <disk name='vdb' snapshot='no'/>
  </disks>
  <domain>
    <os><nvram type='file'><source file='/i/vars.fd'/></nvram></os>
    <devices>
      <disk type='file' device='disk'><source file='/i/a.qcow2'/><target dev='vda'/></disk>
      <disk type='file' device='disk'><source file='/i/b.qcow2'/><backingStore type='file'><source file='/i/gone'/><backingStore/></backingStore><target dev='vdb'/></disk>
    </devices>
  </domain>
</domainsnapshot>`
const below = (path: string) => (path === '/i/vars.fd' ? [] : [{ path: `${path}.below`, format: 'qcow2' }])
const store = (path: string) =>
  `<source file='${path}'/><backingStore type='file'><format type='qcow2'/><source file='${path}.below'/><backingStore/></backingStore><target `

it('a disk that was left out of the snapshot does not lend its tag to the first of the definition', () => {
  const pinned = pinBacking(XML, below)
  expect(pinned).toContain(store('/i/a.qcow2'))
  expect(pinned).toContain('/i/gone')
  const repinned = repinBacking(XML, ['/i/gone'], below)
  expect(repinned).toContain(store('/i/a.qcow2'))
  expect(repinned).toContain(store('/i/b.qcow2'))
})

it.each([
  ['a volume', `<disk type='volume'><source pool='p' volume='v'/><target dev='vda'/></disk>`],
  ['a network disk', `<disk type='network'><source protocol='rbd' name='p/v'/><target dev='vda'/></disk>`],
  ['a file that could not be read', `<disk type='file'><source file='/i/a'/><target dev='vda'/></disk>`],
])('%s never comes to say that nothing lies below it', (_, disk) => {
  expect(pinBacking(disk, () => null)).toBe(disk)
  const emptied = `<disk type='file' device='cdrom'><target dev='sda'/></disk>`
  expect(pinBacking(emptied, () => null)).toContain('<backingStore/>')
})

it('a block device is named as one, as the disk and below it', () => {
  const disk = `<disk type='block' device='disk'><source dev='/dev/vg/a'/><target dev='vda'/></disk>`
  expect(pinBacking(disk, () => [{ path: '/dev/vg/b', format: 'raw' }])).toContain(
    `<backingStore type='block'><format type='raw'/><source dev='/dev/vg/b'/><backingStore/></backingStore>`,
  )
  expect(pinBacking(disk, () => [{ path: '/dev/shm/b', format: 'raw' }])).toContain(
    `<source file='/dev/shm/b'/>`,
  )
})
