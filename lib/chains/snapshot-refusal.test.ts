import { expect, it } from 'vitest'
import { parseDomainXml } from '../hosts/domain-xml.ts'
import { snapshotRefusal } from './snapshot-refusal.ts'

const diskWith = (inside: string) =>
  parseDomainXml(
    `<domain><name>web</name><uuid>u</uuid><devices><disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/img/a.img'>${inside}</source><target dev='vda'/></disk></devices></domain>`,
  ).disks[0]!

it('a disk that is a part of its file takes no overlay: libvirt lays that of a VM that is off on the whole file', () => {
  const slice = diskWith("<slices><slice type='storage' offset='1048576' size='4194304'/></slices>")
  expect(snapshotRefusal(slice)).toMatch(/^It is only a part \(<slices>\) of its file/)
  expect(snapshotRefusal(diskWith(''))).toBeNull()
})

it('an encrypted disk is known as one, wherever its definition says so', () => {
  expect(diskWith("<encryption format='luks'/>").isEncrypted).toBe(true)
  expect(diskWith('').isEncrypted).toBe(false)
})
