import type { Connect, Domain } from 'node-libvirt'
import { expect, test } from 'vitest'
import type { HostConnection } from './host-connection.ts'
import type { ImageFiles } from './image-files.ts'
import { Inventory } from './inventory.ts'
import type { VmInspection } from './vm-inspection.ts'

const UUID = '6f3b1b0c-0000-4000-8000-000000000001'
const xmlOf = (path: string) =>
  `<domain type='qemu'><name>a</name><uuid>${UUID}</uuid><devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${path}'/><target dev='vda' bus='virtio'/></disk></devices></domain>`

/** A host with one VM, whose XML comes when the test says so. */
function hostWithOneVm() {
  const asked: ((path: string) => void)[] = []
  const domain = {
    uuid: UUID,
    name: 'a',
    id: 1,
    getState: async () => ({ state: 'running', reason: 1 }),
    snapshotNum: async () => 0,
    isPersistent: async () => true,
  } as unknown as Domain
  const connect = {
    listAllDomains: async () => [domain],
    getAllDomainStats: async () => [],
  } as unknown as Connect
  const connection = {
    uri: 'test:///default',
    status: { status: 'up' },
    reader: async () => connect,
  } as unknown as HostConnection
  const inspection = {
    inspect: () =>
      new Promise<string[]>((resolve) => asked.push((path) => resolve([xmlOf(path), xmlOf(path)]))),
  } as unknown as VmInspection
  const inventory = new Inventory(
    connection,
    inspection,
    {} as ImageFiles,
    () => undefined,
    () => undefined,
  )
  const pathNow = async () => (await inventory.vms())[0]!.description!.disks[0]!.path
  return { inventory, asked, pathNow }
}

test('who asks after a change is not answered by a read that began before it', async () => {
  const { inventory, asked, pathNow } = hostWithOneVm()
  const before = pathNow()
  await expect.poll(() => asked.length).toBe(1)
  inventory.invalidate(UUID)
  const after = [pathNow(), pathNow()]
  asked[0]!('/images/old')
  expect(await before).toBe('/images/old')
  await expect.poll(() => asked.length).toBe(2)
  asked[1]!('/images/new')
  expect(await Promise.all(after)).toEqual(['/images/new', '/images/new'])
  expect(await pathNow()).toBe('/images/new')
  expect(asked).toHaveLength(2)
})
