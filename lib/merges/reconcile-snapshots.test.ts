import { expect, it } from 'vitest'
import { moveLayer } from './reconcile-snapshots.ts'

it('what a snapshot froze moves into a block device as one, and its overlay stays what it is', () => {
  const moved = moveLayer(
    `<disks><disk name='vda' snapshot='external' type='file'><source file='/i/web.s2'/></disk></disks>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/i/web.s1'/><backingStore type='block'><format type='raw'/><source dev='/dev/vg0/web'/></backingStore><target dev='vda'/></disk>`,
    { target: 'vda', fromPath: '/i/web.s1', toPath: '/dev/vg0/web', toFormat: 'raw' },
  )
  expect(moved).toContain(
    `<disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev='/dev/vg0/web'/><target dev='vda'/></disk>`,
  )
  expect(moved).toContain(`type='file'><source file='/i/web.s2'/>`)
})

it('a disk that had another target then is moved, one that only stands on the layer is not', () => {
  const disk = (target: string, source: string, below = '') =>
    `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${source}'/>${below}<target dev='${target}'/></disk>`
  const above = disk('vdb', '/i/b', `<backingStore type='file'><source file='/i/a'/></backingStore>`)
  expect(
    moveLayer(disk('sda', '/i/a') + above, {
      target: 'vda',
      fromPath: '/i/a',
      toPath: '/i/base',
      toFormat: 'qcow2',
    }),
  ).toBe(disk('sda', '/i/base') + above)
})
