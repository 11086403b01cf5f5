import { expect, it } from 'vitest'
import { pathsInXml, volumesInXml } from './xml-paths.ts'

it('finds paths in attributes and in text, entities resolved', () => {
  const xml = `<domain><os><nvram template="/usr/share/OVMF.fd">/var/lib/it&apos;s &amp; mine.fd</nvram></os><disk><source file='/images/a &lt;b&gt;.qcow2'/><mirror file='/images/copy&#10;two'/></disk><memory snapshot='external' file='/images/web.mem'/></domain>`
  expect(pathsInXml(xml).sort()).toEqual(
    [
      '/images/a <b>.qcow2',
      '/images/copy\ntwo',
      '/images/web.mem',
      '/usr/share/OVMF.fd',
      "/var/lib/it's & mine.fd",
    ].sort(),
  )
})

it('finds volumes that stand for a file', () => {
  expect(volumesInXml(`<source pool='default' volume='a&amp;b.qcow2'/>`)).toEqual(['a&b.qcow2'])
})
