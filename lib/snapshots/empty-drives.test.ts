import { expect, it } from 'vitest'
import { emptyDrives, fillDrives, fullDrives } from './empty-drives.ts'
import { pinBacking } from '../hosts/pin-backing.ts'

const drive = (inner: string) =>
  `<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>${inner}<target dev='sda' bus='sata'/><readonly/></disk>`
const vda = `<disk type='file' device='disk'><source file='/a'/><backingStore/><target dev='vda' bus='virtio'/></disk>`
const medium = [{ target: 'sda', path: `/i/it's "1".iso` }]
const whole = (inner: string) =>
  `<domainsnapshot><disks><disk name='vda' snapshot='external'><source file='/a.s1'/></disk></disks><domain>${drive(inner)}${vda}</domain><inactiveDomain>${drive(inner)}${vda}</inactiveDomain></domainsnapshot>`

it('empties the drive in every definition and fills it again, and touches nothing else', () => {
  const full = whole(`<source file='/i/it&apos;s &quot;1&quot;.iso' index='3'/><backingStore/>`)
  const kept = fullDrives(full, medium)
  expect(emptyDrives(full, medium)).toBe(whole(''))
  expect(fillDrives(whole(''), medium, kept)).toBe(full)
  expect(fillDrives(full, medium, kept)).toBe(full)
  expect(fillDrives(whole(''), medium, [])).toBe(whole(''))
})

it.each([
  `<source dev='/dev/sr0'/>`,
  `<source pool='isos' volume='a.iso'/>`,
  `<source protocol='https' name='a.iso'><host name='x'/></source>`,
])('puts back %s', (source) => {
  const full = whole(source)
  const kept = fullDrives(full, medium)
  const empty = emptyDrives(full, medium)
  expect(empty).not.toContain(source)
  expect(fillDrives(empty, medium, kept)).toBe(full)
})

it('says what lies below each disk that does not say it, in every definition, and leaves the others', () => {
  const chain = [
    { path: '/b&', format: 'qcow2' },
    { path: '/c', format: 'raw' },
  ]
  const bare = `<disk type='file'><source file='/a&amp;1'/><target dev='vdb'/></disk>`
  const pinned = pinBacking(`<domain>${drive('')}${vda}${bare}</domain>`, (path) =>
    path === '/a&1' ? chain : [],
  )
  expect(pinned).toBe(
    `<domain>${drive('<backingStore/>')}${vda}<disk type='file'><source file='/a&amp;1'/><backingStore type='file'><format type='qcow2'/><source file='/b&amp;'/><backingStore type='file'><format type='raw'/><source file='/c'/><backingStore/></backingStore></backingStore><target dev='vdb'/></disk></domain>`,
  )
  expect(pinBacking(pinned, () => chain)).toBe(pinned)
})
