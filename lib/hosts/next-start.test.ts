import { describe, expect, it } from 'vitest'
import { parseDomainXml } from './domain-xml.ts'
import { describeNextStart, otherNextStarts, spelledOtherwise } from './next-start.ts'

const disk = (target: string, source: string, device = 'disk') =>
  `<disk type='file' device='${device}'>${source}<target dev='${target}' bus='virtio'/></disk>`
const file = (path: string) => `<source file='${path}'/>`
const vm = (...disks: string[]) => parseDomainXml(`<domain><devices>${disks.join('')}</devices></domain>`)

describe('the next start', () => {
  it.each([
    ['the same file', vm(disk('vda', file('/i/a'))), vm(disk('vda', file('/i/a'))), 0, 0],
    ['N4: another file', vm(disk('vda', file('/i/a.s1'))), vm(disk('vda', file('/i/a'))), 1, 1],
    ['N4: spelled otherwise', vm(disk('vda', file('/i/a'))), vm(disk('vda', file('/i/../i/a'))), 0, 1],
    [
      'N6: attached live only',
      vm(disk('vda', file('/i/a')), disk('vdb', file('/i/b'))),
      vm(disk('vda', file('/i/a'))),
      1,
      1,
    ],
    [
      'a medium that was changed',
      vm(disk('sda', file('/i/x'), 'cdrom')),
      vm(disk('sda', file('/i/y'), 'cdrom')),
      0,
      0,
    ],
    ['an empty drive', vm(disk('sda', '', 'cdrom')), vm(disk('sda', '', 'cdrom')), 0, 0],
  ])('%s', (_, now, next, others, spelled) => {
    expect(otherNextStarts(now, next)).toHaveLength(others)
    expect(spelledOtherwise(now, next)).toHaveLength(spelled)
  })

  it('is described with what would be missing', () => {
    const others = otherNextStarts(
      vm(disk('vda', file('/i/a.s1')), disk('vdb', file('/i/b'))),
      vm(disk('vda', file('/i/a'))),
    )
    expect(describeNextStart(others)).toBe(
      'Its next start uses a for vda, not a.s1, which it writes to now (and so for vdb): what was written to a.s1 would be missing then. Bring the configuration in line before the VM stops: Check & repair does it.',
    )
    expect(describeNextStart(others.slice(1))).toContain('Its next start has no vdb, which is b now:')
  })
})
