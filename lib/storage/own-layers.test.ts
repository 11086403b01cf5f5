import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { XmlDisk } from '../hosts/domain-xml.ts'
import { store } from '../store/store.ts'
import { openTemporaryStore } from '../store/temporary-store.ts'
import { definitionOf, diskOf } from '../testing/situation-of.ts'
import { recordBacking } from './backing-files.ts'
import { forgetLayers, readOwnLayers, recordActiveLayers, recordOwnLayers } from './own-layers.ts'
import type { Use } from './types.ts'

let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
beforeAll(async () => {
  temporary = await openTemporaryStore()
})
afterAll(() => temporary.remove())

let host = ''
let number = 0
beforeEach(() => {
  host = `h${++number}`
})

const vmWith = (disk: Partial<XmlDisk> = {}, { running = true, uuid = 'a' } = {}) => ({
  uuid,
  running,
  description: definitionOf([diskOf('vda', '/i/web', disk)]),
})
const elsewhere = { ...vmWith(), description: null }
const own = async (vm: Parameters<typeof readOwnLayers>[1] = elsewhere, ...snapshots: XmlDisk[]) =>
  [
    ...(await readOwnLayers(
      host,
      vm,
      snapshots.map((disk) => ({ definition: definitionOf([disk]) })),
    )),
  ].sort()
const below = (path: string, vmUuid: string) => ({
  path,
  uses: [{ vmUuid, isBacking: true } as Use],
})

describe('a VM’s own files', () => {
  it('are for good those that a disk writes to while it runs', async () => {
    await recordActiveLayers(host, vmWith())
    expect(await own()).toEqual(['/i/web'])
  })

  it.each<[string, ReturnType<typeof vmWith>]>([
    ['is off', vmWith({}, { running: false })],
    ['throws away what it writes', vmWith({ transient: true })],
    ['may not write', vmWith({ readonly: true })],
    ['is a drive', vmWith({ device: 'cdrom' })],
  ])('are not for good what a disk opens that %s', async (_, vm) => {
    await recordActiveLayers(host, vm)
    expect(await own()).toEqual([])
  })

  it('are what a disk opens now and what a snapshot’s definition opens, as long as they do', async () => {
    const off = vmWith({}, { running: false })
    expect(await own(off, diskOf('vda', '/i/base'), diskOf('sda', '/i/iso', { device: 'cdrom' }))).toEqual([
      '/i/base',
      '/i/web',
    ])
    expect(await own()).toEqual([])
  })

  it('are templates once another VM has stood on them, and stay own above the VM’s own overlays', async () => {
    await recordOwnLayers(host, 'a', ['/i/base', '/i/web'])
    await recordBacking(host, [below('/i/base', 'a')])
    expect(await own()).toEqual(['/i/base', '/i/web'])
    await recordBacking(host, [below('/i/base', 'b')])
    expect(await own(vmWith(), diskOf('vda', '/i/base'))).toEqual(['/i/web'])
  })

  it('are nothing any more when they were removed, nor are they templates', async () => {
    for (const times of [1, 2]) {
      await recordOwnLayers(host, 'a', ['/i/base', '/i/web'])
      await recordBacking(host, [below('/i/base', 'b')])
      expect([times, await own()]).toEqual([times, ['/i/web']])
      await forgetLayers(host, ['/i/base'])
      expect(await own()).toEqual(['/i/web'])
      await recordOwnLayers(host, 'a', ['/i/base'])
      expect(await own()).toEqual(['/i/base', '/i/web'])
      await forgetLayers(host, ['/i/base', '/i/web'])
      expect(await own()).toEqual([])
    }
  })

  it('are written down once, however many and however often they are seen', async () => {
    const many = Array.from({ length: 2_500 }, (_, index) => below(`/i/${index}`, 'b'))
    await recordBacking(host, many)
    const rows = () => store().selectFrom('backing_files').selectAll().where('host', '=', host).execute()
    expect(await rows()).toHaveLength(2_500)
    await store().deleteFrom('backing_files').where('host', '=', host).execute()
    await recordBacking(host, many)
    expect(await rows()).toEqual([])
  })
})
