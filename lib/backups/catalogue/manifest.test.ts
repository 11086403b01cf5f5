import { describe, expect, it } from 'vitest'
import { readManifest, writeManifest, type ManifestBody } from './manifest.ts'

const body: ManifestBody = {
  format: 'keyframe-backup',
  version: 1,
  id: 'web-20261124T171305Z-3fa9',
  createdAt: '2026-11-24T17:13:05.000Z',
  tookMs: 1_234,
  host: 'lab',
  vm: { uuid: '11111111-2222-4333-8444-555555555555', name: 'wéb <&> "x"', wasRunning: true },
  method: 'checkpoint',
  kind: 'increment',
  parent: 'web-20261123T171305Z-11aa',
  fullReason: null,
  checkpoint: 'keyframe-web-20261124T171305Z-3fa9',
  frozen: true,
  consistency: 'The guest was frozen.',
  leftOut: [],
  notes: [],
  domainXml: 'domain.xml',
  nvram: null,
  disks: [
    {
      target: 'vda',
      file: 'vda.qcow2',
      virtualBytes: 1024,
      sourceFormat: 'qcow2',
      sourcePath: '/images/web.qcow2',
      backing: '../web-20261123T171305Z-11aa/vda.qcow2',
    },
  ],
  files: [
    { name: 'vda.qcow2', bytes: 10, sha256: 'a'.repeat(64) },
    { name: 'domain.xml', bytes: 10, sha256: 'b'.repeat(64) },
  ],
}
const [disk] = body.disks
const sealed = (change: object) => writeManifest({ ...body, ...change })

describe('manifest.json', () => {
  it('reads back what was written', () => {
    expect(readManifest(writeManifest(body))).toMatchObject({ manifest: body })
  })

  it('shows every single byte that was changed', () => {
    const text = writeManifest(body)
    for (let at = 0; at < text.length - 1; at++) {
      const changed = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1)
      const read = readManifest(changed)
      // White space between its parts may differ: it means the same.
      if (!('problem' in read)) expect(JSON.parse(changed)).toEqual(JSON.parse(text))
    }
  })

  it('shows where it was cut off, at any byte', () => {
    const text = writeManifest(body)
    for (let length = 0; length < text.length - 1; length++)
      expect(readManifest(text.slice(0, length))).toHaveProperty('problem')
  })

  it.each<[string, string, RegExp]>([
    ['an empty file', '', /no JSON/],
    ['zeros', '\0'.repeat(100), /no JSON/],
    ['a list', '[]', /not one of Keyframe/],
    ['null', 'null', /not a manifest/],
    ['another format', '{"format":"x"}', /not one of Keyframe/],
    [
      'a newer version',
      JSON.stringify({ format: 'keyframe-backup', version: 2 }),
      /newer Keyframe \(manifest version 2/,
    ],
    [
      'a path in a name',
      sealed({ files: [{ name: '../../etc/passwd', bytes: 1, sha256: 'a'.repeat(64) }] }),
      /files\.0\.name/,
    ],
    ['a name that begins with a dot', sealed({ id: '..' }), /id:/],
    [
      'a disk whose name leads out of a directory',
      sealed({ disks: [{ ...disk, target: '/../../../etc/cron.d/x' }] }),
      /disks\.0\.target/,
    ],
    [
      'a full that rests on something',
      sealed({ kind: 'full', parent: null }),
      /disks: vda rests on something else/,
    ],
    [
      'an image that rests on any file',
      sealed({ disks: [{ ...disk, backing: '/etc/shadow' }] }),
      /disks: vda rests on something else/,
    ],
    [
      'an image that rests on another backup',
      sealed({ disks: [{ ...disk, backing: '../other/vda.qcow2' }] }),
      /disks: vda rests on something else/,
    ],
    [
      'an image that rests on a deeper file',
      sealed({ disks: [{ ...disk, backing: '../web-20261123T171305Z-11aa/../../x' }] }),
      /disks: vda rests on something else/,
    ],
    ['somebody else’s checkpoint', sealed({ checkpoint: 'nightly' }), /checkpoint: it is another one/],
    ['an increment of nothing', sealed({ parent: null }), /parent: a full has none/],
    [
      'a configuration that is not listed',
      sealed({ domainXml: 'other.xml' }),
      /files: a disk or the configuration is not among them/,
    ],
    [
      'an image that is not listed',
      sealed({ disks: [{ ...disk, file: 'vdb.qcow2' }] }),
      /files: a disk or the configuration/,
    ],
    [
      'one file for two disks',
      sealed({ disks: [disk, { ...disk, target: 'vdb' }] }),
      /disks: two of them are one file/,
    ],
  ])('says why %s is none', (_, text, problem) => {
    expect(readManifest(text)).toEqual({ problem: expect.stringMatching(problem) as string })
  })
})
