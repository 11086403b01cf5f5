import { describe, expect, it } from 'vitest'
import { attribute, child, children, childText, parseXml } from '../../hosts/xml.ts'
import { restoredXml, withImages } from './restored-xml.ts'

const XML = `<domain type='kvm' id='7'>
  <name>web &amp; co</name>
  <uuid>11111111-2222-3333-4444-555555555555</uuid>
  <genid>99999999-2222-3333-4444-555555555555</genid>
  <description>5 &lt; 6 "quoted"</description>
  <sysinfo type='smbios'><system><entry name='uuid'>11111111-2222-3333-4444-555555555555</entry><entry name='serial'>s</entry></system></sysinfo>
  <os><type arch='x86_64' machine='q35'>hvm</type><loader readonly='yes' type='pflash'>/fw.fd</loader><nvram template='/t.fd'>/old_VARS.fd</nvram></os>
  <devices>
    <disk type='block' device='disk'><driver name='qemu' type='raw' cache='none' discard='unmap'/><source dev='/dev/vg/a' index='1'/><backingStore/><target dev='vda' bus='virtio'/><serial>S1</serial></disk>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/b.qcow2'><seclabel model='dac' relabel='no'/></source><target dev='vdb' bus='virtio'/></disk>
    <disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='/cd.iso'/><target dev='sda' bus='sata'/><readonly/></disk>
    <interface type='network'><mac address='52:54:00:00:00:01'/><source network='default'/><model type='virtio'/></interface>
    <interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='br0'/><link state='up'/></interface>
  </devices>
</domain>`
const vm = {
  name: 'copy of <web>',
  uuid: 'aaaaaaaa-2222-3333-4444-555555555555',
  disks: new Map([['vda', { path: "/images/it's.raw", format: 'raw' }]]),
  networkUp: false,
  nvramPath: '/images/new_VARS.fd',
}

describe('restoredXml', () => {
  it('gives the new VM what must be its own, and leaves the rest', () => {
    const { xml, dropped } = restoredXml(XML, vm, { firmware: ['/fw.fd'], emulators: [] })
    const domain = parseXml(xml, 'domain')
    expect([
      childText(domain, 'name'),
      childText(domain, 'uuid'),
      attribute(domain, 'id'),
      childText(domain, 'genid'),
    ]).toEqual([vm.name, vm.uuid, null, ''])
    expect(childText(domain, 'description')).toBe('5 < 6 "quoted"')
    const system = child(child(domain, 'sysinfo'), 'system')
    expect(children(system, 'entry').map((entry) => entry['#text'])).toEqual([vm.uuid, 's'])
    const os = child(domain, 'os')
    expect([
      childText(os, 'nvram'),
      attribute(child(os, 'nvram'), 'template'),
      childText(os, 'loader'),
    ]).toEqual(['/images/new_VARS.fd', null, '/fw.fd'])
    const disks = children(child(domain, 'devices'), 'disk')
    expect(
      disks.map((disk) => [
        attribute(disk, 'type'),
        attribute(child(disk, 'target'), 'dev'),
        attribute(child(disk, 'source'), 'file'),
        attribute(child(disk, 'source'), 'dev'),
      ]),
    ).toEqual([
      ['file', 'vda', "/images/it's.raw", null],
      ['file', 'sda', null, null],
    ])
    expect([
      attribute(child(disks[0], 'driver'), 'cache'),
      attribute(child(disks[0], 'driver'), 'type'),
      childText(disks[0], 'serial'),
      child(disks[0], 'backingStore'),
    ]).toEqual(['none', 'raw', 'S1', undefined])
    expect(dropped).toEqual(['vdb'])
    const nics = children(child(domain, 'devices'), 'interface')
    expect(nics.map((nic) => [child(nic, 'mac'), attribute(child(nic, 'link'), 'state')])).toEqual([
      [undefined, 'down'],
      [undefined, 'down'],
    ])
  })

  it('leaves the network plugged in when asked to, and no NVRAM of the old VM in any case', () => {
    const { xml } = restoredXml(
      XML,
      { ...vm, networkUp: true, nvramPath: null },
      { firmware: [], emulators: [] },
    )
    const domain = parseXml(xml, 'domain')
    expect(
      children(child(domain, 'devices'), 'interface').map((nic) => [
        child(nic, 'mac'),
        attribute(child(nic, 'link'), 'state'),
      ]),
    ).toEqual([
      [undefined, null],
      [undefined, 'up'],
    ])
    expect(child(child(domain, 'os'), 'nvram')).toBeUndefined()
  })
})

it('values with line breaks and entities come out as they went in', () => {
  const xml =
    "<domain type='kvm'><name>a</name><uuid>u</uuid><description>a&#10;b &amp; c &#x263A;</description><devices><disk type='file' device='disk'><source file='/x&#10;y'/><target dev='vdb'/></disk></devices></domain>"
  const made = withImages(xml, new Map())
  expect(made).toContain('a&#10;b &amp; c &#x263A;')
  expect(made).toContain('file="/x&#10;y"')
})

describe('withImages', () => {
  it('changes the images of the named disks, and nothing else', () => {
    const domain = parseXml(
      withImages(XML, new Map([['vdb', { path: '/new.img', format: 'raw' }]])),
      'domain',
    )
    expect([childText(domain, 'name'), childText(domain, 'uuid')]).toEqual([
      'web & co',
      '11111111-2222-3333-4444-555555555555',
    ])
    const disks = children(child(domain, 'devices'), 'disk')
    expect(
      disks.map((disk) => [
        attribute(child(disk, 'driver'), 'type'),
        attribute(child(disk, 'source'), 'file') ?? attribute(child(disk, 'source'), 'dev'),
      ]),
    ).toEqual([
      ['raw', '/dev/vg/a'],
      ['raw', '/new.img'],
      ['raw', '/cd.iso'],
    ])
    expect(
      children(child(domain, 'devices'), 'interface').map((nic) => attribute(child(nic, 'mac'), 'address')),
    ).toEqual(['52:54:00:00:00:01', '52:54:00:00:00:02'])
  })
})
