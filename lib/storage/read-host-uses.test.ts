import { LibvirtError, VIR_ERR_INTERNAL_ERROR, VIR_ERR_NO_STORAGE_POOL } from 'node-libvirt'
import { expect, it } from 'vitest'
import type { Host } from '../hosts/host.ts'
import type { ImageReading } from '../hosts/image-files.ts'
import { found } from '../testing/situation-of.ts'
import { readHostUses } from './read-host-uses.ts'

const refusal = (code: number, message: string) =>
  new LibvirtError(message, { code, domain: 0, level: 2, int1: 0 }, 'X')

/** A host with one VM: its live XML, its next start, and a snapshot of which libvirt gives no XML. */
function hostOf(
  live: string,
  { running = true, files = [] as ImageReading[], next = live, unreadSnapshot = false } = {},
): Host {
  const domain = {
    getXMLDesc: (flags?: number) => Promise.resolve(flags ? next : live),
    snapshotNum: () => Promise.resolve(Number(unreadSnapshot)),
    snapshotCurrent: () => Promise.resolve(null),
    listAllSnapshots: () =>
      Promise.resolve(
        unreadSnapshot
          ? [
              {
                name: 's1',
                getXMLDesc: () => Promise.reject(refusal(VIR_ERR_INTERNAL_ERROR, 'bad metadata')),
              },
            ]
          : [],
      ),
  }
  const known = new Map(files.map((reading) => [reading.path, reading]))
  return {
    name: 'one',
    connection: {
      reader: () =>
        Promise.resolve({
          domainLookupByUUID: () => Promise.resolve(domain),
          domainReference: () => domain,
          storagePoolLookupByName: () => Promise.reject(refusal(VIR_ERR_NO_STORAGE_POOL, 'no pool')),
        }),
    },
    inspection: { inspect: (_: string, work: (each: typeof domain) => unknown) => work(domain) },
    inventory: {
      vms: () => Promise.resolve([{ uuid: 'w', name: 'web', running, snapshotCount: 0 }]),
    },
    files: {
      read: (path: string) =>
        Promise.resolve(known.get(path) ?? { kind: 'missing', path, reason: 'there is no such file' }),
    },
  } as unknown as Host
}
const domainXml = (disk: string) =>
  `<domain><name>web</name><uuid>w</uuid><devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>${disk}<target dev='vda'/></disk></devices></domain>`
const pathsOf = async (host: Host) => (await readHostUses(host, 'now')).files.map(({ path }) => path)
const gapsOf = async (host: Host) => (await readHostUses(host, 'now')).gaps

it('a layer that is gone is a doubt, for nobody knows what lies below it, and no gap', async () => {
  const host = hostOf(domainXml(`<source file='/i/web'/>`), {
    running: false,
    files: [found('/i/web', '/i/a')],
  })
  expect(await pathsOf(host)).toEqual(['/i/web', '/i/a'])
  expect((await readHostUses(host, 'now')).doubts?.[0]).toMatch(
    /^vda of the VM web on one needs \/i\/a, which is not there/,
  )
  expect(await gapsOf(host)).toEqual([])
})

it('a volume below a running VM that libvirt can’t find is a gap, and the headers are followed', async () => {
  const xml = domainXml(
    `<source file='/i/web'/><backingStore type='volume'><format type='qcow2'/><source pool='gone' volume='a'/><backingStore/></backingStore>`,
  )
  const files = [found('/i/web', '/i/a'), found('/i/a', '/i/golden'), found('/i/golden', null)]
  const host = hostOf(xml, { files, next: domainXml(`<source file='/i/web'/><backingStore/>`) })
  expect(await pathsOf(host)).toEqual(['/i/web', '/i/a', '/i/golden'])
  expect(await gapsOf(host)).toEqual([expect.stringMatching(/needs the volume a of the pool gone, which/)])
})

it('a running VM needs what it has open, whatever is missing', async () => {
  const xml = domainXml(
    `<source file='/i/web'/><backingStore type='file'><format type='qcow2'/><source file='/i/a'/><backingStore/></backingStore>`,
  )
  const host = hostOf(xml)
  expect([await pathsOf(host), await gapsOf(host)]).toEqual([['/i/web', '/i/a'], []])
})

it('a snapshot that can’t be read is a gap', async () => {
  const host = hostOf(domainXml(`<source file='/i/web'/>`), {
    files: [found('/i/web', null)],
    unreadSnapshot: true,
  })
  expect(await gapsOf(host)).toEqual([
    'The snapshot s1 of web on one could not be read: bad metadata. If it stays so, delete its entry: virsh snapshot-delete --metadata.',
  ])
})

it('what lies below the file that a disk opens is marked as that', async () => {
  const files = [found('/i/web', '/i/a'), found('/i/a', null)]
  const host = hostOf(domainXml(`<source file='/i/web'/>`), { running: false, files })
  const marked = (await readHostUses(host, 'now')).files.map(({ path, uses }) => [
    path,
    uses.map((use) => [use.kind, use.isBacking ?? false]),
  ])
  expect(marked).toEqual([
    [
      '/i/web',
      [
        ['disk', false],
        ['next start', false],
      ],
    ],
    [
      '/i/a',
      [
        ['disk', true],
        ['next start', true],
      ],
    ],
  ])
})

it.each(['off', 'running'])(
  'the file beside a layer that holds its data is needed as the layer is: %s',
  async (state) => {
    const header = { dataFile: 'web.data' }
    const files = [
      found('/i/web', '/i/a'),
      found('/i/a', null, { header } as Partial<ImageReading>),
      found('/i/web.data', null),
    ]
    const xml =
      state === 'off'
        ? domainXml(`<source file='/i/web'/>`)
        : domainXml(
            `<source file='/i/web'/><backingStore type='file'><format type='qcow2'/><source file='/i/a'/><backingStore/></backingStore>`,
          )
    const host = hostOf(xml, { running: state === 'running', files })
    const data = (await readHostUses(host, 'now')).files.find(({ path }) => path === '/i/web.data')
    expect(data?.uses.map((use) => [use.kind, use.target, use.isBacking])).toEqual([
      ['disk', 'vda', true],
      ['next start', 'vda', true],
    ])
  },
)
