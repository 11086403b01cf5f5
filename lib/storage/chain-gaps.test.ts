import { describe, expect, it } from 'vitest'
import type { XmlLayer } from '../hosts/domain-xml.ts'
import { chainIn } from '../hosts/follow-headers.ts'
import type { ImageReading } from '../hosts/image-files.ts'
import { diskOf, found } from '../testing/situation-of.ts'
import { gapBelow, volumeGaps } from './chain-gaps.ts'
import type { Use } from './types.ts'

const need = (more: Partial<Use> = {}): Use => ({
  host: 'two',
  vmUuid: 'w',
  vmName: 'web',
  running: false,
  kind: 'disk',
  target: 'vda',
  isOther: false,
  snapshot: null,
  ...more,
})
const lost = (path: string, kind: 'missing' | 'unreadable' = 'missing'): ImageReading => ({
  kind,
  path,
  reason: `no luck with ${path}`,
})
const filesOf = (...readings: ImageReading[]) =>
  Object.fromEntries(readings.map((reading) => [reading.path, reading]))
const layer = (path: string | null, more: Partial<XmlLayer> = {}): XmlLayer => ({
  path,
  volume: null,
  sourceType: 'file',
  format: 'qcow2',
  nodeIndex: null,
  ...more,
})
const off = diskOf('vda', '/i/web', { pinsBase: false, pinsBacking: false, layers: [layer('/i/web')] })
const gap = (readings: ImageReading[], disk = off, more: Partial<Use> = {}) =>
  gapBelow(disk, chainIn(filesOf(...readings), disk.path!, disk.format), need(more))
const backedBy = (path: string, format: string | null = 'qcow2') =>
  found('/i/web', path, { backing: { name: path, path, format } } as Partial<ImageReading>)

describe('what may lie below a chain', () => {
  it('is nothing where it ends at a base or was seen to go in a circle', () => {
    expect(gap([found('/i/web', null)])).toBeNull()
    expect(gap([found('/i/web', '/i/a'), found('/i/a', '/i/web')])).toBeNull()
  })

  it('is unknown below a file that is not there, with what to do', () => {
    expect(gap([found('/i/web', '/i/a'), lost('/i/a')])).toBe(
      'vda of the VM web on two needs /i/a, which is not there, so nobody knows which files lie below it. Put the file back, or take the disk vda out of the definition of web.',
    )
    expect(gap([lost('/i/web')], off, { kind: 'snapshot', snapshot: 's1' })).toMatch(
      /^the snapshot s1 of the VM web on two needs \/i\/web.*or delete the snapshot s1 of web\.$/,
    )
  })

  it('is unknown below a file that can’t be read, with the reason', () => {
    expect(gap([found('/i/web', '/i/a'), lost('/i/a', 'unreadable')])).toMatch(
      /needs \/i\/a, which can’t be read.*\(no luck with \/i\/a\)\. Let libvirt read it, or take the disk vda out/,
    )
  })

  it('is unknown below the layers that are followed at all', () => {
    const deep = Array.from({ length: 201 }, (_, index) =>
      found(index === 0 ? '/i/web' : `/i/${index}`, `/i/${index + 1}`),
    )
    expect(gap(deep)).toMatch(/more than 200 layers.*below \/i\/199\./)
    expect(gap([...deep.slice(0, 199), found('/i/199', null)])).toBeNull()
  })

  it('is nothing below a raw file, a medium for example, there or not', () => {
    expect(gap([lost('/i/web')], { ...off, format: 'raw' })).toBeNull()
    expect(gap([backedBy('/i/a', 'raw'), lost('/i/a', 'unreadable')])).toBeNull()
    expect(gap([backedBy('/i/a', null), lost('/i/a')])).toMatch(/\/i\/a/)
  })

  it('is what the XML names there, also without the file', () => {
    const named = { ...off, layers: [layer('/i/web'), layer('/i/a')] }
    expect(gap([lost('/i/web')], named)).toBeNull()
    expect(gap([found('/i/web', '/i/a'), lost('/i/a')], named)).toMatch(/\/i\/a, which is not there/)
    expect(gap([found('/i/web', '/i/a'), lost('/i/a')], { ...named, pinsBase: true })).toBeNull()
  })

  it.each([
    ['nbd://h/x', false],
    ['rbd:pool/image', false],
    ['nbd+unix:///x?socket=/s', false],
    ['json:{"driver":"qcow2","file":{"driver":"rbd","pool":"p"}}', false],
    ['json:{"file.driver":"nbd","file.host":"h"}', false],
    ['blkdebug:conf:/i/a', true],
    ['json:{"driver":"throttle","file":{}}', true],
  ])('is no file of a host where %s is on the network: gap %s', (name, isGap) => {
    const reading = found('/i/web', null, {
      backing: { name, path: null, format: null },
    } as Partial<ImageReading>)
    expect(gap([reading]) !== null).toBe(isGap)
  })
})

describe('a volume that libvirt can’t find', () => {
  const volume = { pool: 'imgs', name: 'a' }
  it('is a gap for the disk itself, once, with what to do', () => {
    const disk = diskOf('vda', null, { volume, layers: [layer(null, { volume })] })
    expect(volumeGaps(disk, need())).toEqual([
      'vda of the VM web on two needs the volume a of the pool imgs, which libvirt can’t find. Define and start the pool again, or take the disk vda out of the definition of web.',
    ])
  })

  it('is one for a layer below, too, but not what has no path for another reason', () => {
    const below = [layer('/i/web'), layer(null, { volume }), layer(null, { sourceType: 'network' })]
    expect(volumeGaps(diskOf('vda', '/i/web', { layers: below }), need())).toHaveLength(1)
    expect(volumeGaps(diskOf('sda', null), need())).toEqual([])
  })
})
