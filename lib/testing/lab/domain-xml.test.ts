import { expect, test } from 'vitest'
import { domainXml, escapeXml } from './domain-xml.ts'

test('names and paths are escaped', () => {
  expect(escapeXml(`<a> & "b" 'c'`)).toBe('&lt;a&gt; &amp; &quot;b&quot; &apos;c&apos;')
  const xml = domainXml({
    name: '<script>',
    type: 'qemu',
    memoryMiB: 16,
    disks: [{ path: `/a'b`, format: 'raw' }],
    agentChannel: false,
    consoleLog: '/log',
  })
  expect(xml).toContain('<name>&lt;script&gt;</name>')
  expect(xml).toContain(`file='/a&apos;b'`)
})

test('disks get their targets in order, a cdrom a bus that knows cdroms', () => {
  const xml = domainXml({
    name: 'x',
    type: 'qemu',
    memoryMiB: 16,
    disks: [{ path: '/a' }, { path: '/b', shareable: true }, { device: 'cdrom' }],
    agentChannel: true,
    consoleLog: '/log',
  })
  expect(xml).toContain(`dev='vda' bus='virtio'`)
  expect(xml).toMatch(/dev='vdb' bus='virtio'\/>\s*<shareable\/>/)
  expect(xml).toMatch(/dev='hdc' bus='ide'\/>\s*<readonly\/>/)
})
