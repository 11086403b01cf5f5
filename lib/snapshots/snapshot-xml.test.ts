import { expect, it } from 'vitest'
import { parseSnapshotXml } from '../hosts/snapshot-metadata.ts'
import { snapshotEntryXml } from './snapshot-xml.ts'

const domain = (file: string) =>
  `<domain type='kvm'>\n  <name>web</name><devices><disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${file}'/><target dev='vda' bus='virtio'/></disk></devices>\n</domain>\n`

it('N17: an entry made anew holds what libvirt’s own would: time, parent, the VM as it was, both definitions', () => {
  const xml = snapshotEntryXml(
    `a$&'b`,
    'before <the> upgrade',
    [
      { target: 'vda', overlayPath: '/i/web.a' },
      { target: 'vdb', overlayPath: null },
    ],
    {
      liveXml: domain('/i/web.img'),
      inactiveXml: domain('/i/web.img'),
      parent: 'p&q',
      atMs: 1_700_000_000_900,
    },
  )
  expect(parseSnapshotXml(xml)).toMatchObject({
    name: `a$&'b`,
    description: 'before <the> upgrade',
    createdAtMs: 1_700_000_000_000,
    state: 'disk-snapshot',
    parent: 'p&q',
    memory: 'no',
    disks: [
      {
        target: 'vda',
        kind: 'external',
        overlayPath: '/i/web.a',
        frozenPath: '/i/web.img',
        frozenFormat: 'raw',
      },
      { target: 'vdb', kind: 'no' },
    ],
  })
  expect(xml).toMatch(/<inactiveDomain type='kvm'>[^]*<\/inactiveDomain>\n<\/domainsnapshot>$/)
})

it('N17: of a transient VM without a parent it names neither', () => {
  const xml = snapshotEntryXml('a', '', [], {
    liveXml: domain('/i'),
    inactiveXml: null,
    parent: null,
    atMs: 0,
  })
  expect(xml).not.toMatch(/<parent>|inactiveDomain/)
  expect(parseSnapshotXml(xml)).toMatchObject({ parent: null, createdAtMs: 0 })
})
