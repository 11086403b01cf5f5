import { expect, it } from 'vitest'
import { alignDisks } from './align-disks.ts'

const disk = (type: string, format: string, source: string, target: string, rest = '') =>
  `<disk type='${type}' device='disk'><driver name='qemu' type='${format}' cache='none'/>${source}<target dev='${target}' bus='virtio'/>${rest}</disk>`

it('gives a disk the file of now, with its format, and leaves everything else to the letter', () => {
  const other = disk('file', 'raw', `<source file='/i/b'/>`, 'vdb', '<serial>x</serial>')
  const xml = (vda: string) => `<domain><name>web</name><devices>${vda}${other}</devices></domain>`
  const pinned = `<source file='/i/a'><slices/></source><backingStore type='file'><source file='/i/0'/></backingStore>`
  expect(
    alignDisks(xml(disk('file', 'raw', pinned, 'vda', '<serial>1</serial>')), [
      { target: 'vda', path: `/i/it's`, format: 'qcow2' },
    ]),
  ).toBe(xml(disk('file', 'qcow2', `<source file='/i/it&apos;s'/>`, 'vda', '<serial>1</serial>')))
})

it('turns a volume or a file into a block device, and back', () => {
  const volume = disk('volume', 'qcow2', `<source pool='p' volume='v'/>`, 'vda')
  const block = disk('block', 'raw', `<source dev='/dev/vg/a'/>`, 'vda')
  expect(alignDisks(volume, [{ target: 'vda', path: '/dev/vg/a', format: 'raw' }])).toBe(block)
  expect(alignDisks(block, [{ target: 'vda', path: '/i/v', format: 'qcow2' }])).toBe(
    disk('file', 'qcow2', `<source file='/i/v'/>`, 'vda'),
  )
})
