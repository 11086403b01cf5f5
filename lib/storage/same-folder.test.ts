import { LibvirtError, VIR_ERR_INTERNAL_ERROR, type Connect, type StoragePool } from 'node-libvirt'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { isSameFolder, type FolderOfHost } from './same-folder.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

const refused = (message: string) =>
  new LibvirtError(message, { code: VIR_ERR_INTERNAL_ERROR, domain: 0, level: 2, int1: 0 }, 'X')

let number = 0
/** A host whose folder is `storage`; `sees` is what it lists, `storage` itself where nothing is cached. */
function holder(
  storage: Set<string>,
  { sees = storage, isReadOnly = false, isBusy = (): boolean => false } = {},
) {
  const name = `h${++number}`
  const state = { connect: {} as Connect, looks: 0 }
  const folder: FolderOfHost = {
    folder: '/i',
    host: {
      name,
      connection: { files: () => Promise.resolve(state.connect) },
      files: {
        pool: () =>
          Promise.resolve({
            storageVolCreateXML: (xml: string) => {
              if (isReadOnly) return Promise.reject(refused('Read-only file system'))
              const file = /<name>(.*?)<\/name>/.exec(xml)![1]!
              storage.add(file)
              return Promise.resolve({ delete: () => Promise.resolve(storage.delete(file)) })
            },
          } as unknown as StoragePool),
        listAnew: () => {
          state.looks++
          if (isBusy()) return Promise.reject(refused("pool 'i' has asynchronous jobs running."))
          return Promise.resolve([...sees].map((file) => `/i/${file}`))
        },
      },
    },
  }
  return { folder, state, storage }
}

it('one storage is one, for as long as both are connected', async () => {
  const storage = new Set<string>()
  const [one, two] = [holder(storage), holder(storage)]
  expect(await isSameFolder(one.folder, two.folder)).toBe(true)
  expect(storage.size).toBe(0)
  vi.setSystemTime(Date.now() + 3_600_000)
  expect(await isSameFolder(one.folder, two.folder)).toBe(true)
  expect(two.state.looks).toBe(1)
  two.state.connect = {} as Connect
  expect(await isSameFolder(one.folder, two.folder)).toBe(true)
  expect(two.state.looks).toBe(2)
})

it('two storages are two when each has looked in vain, and are asked again after a minute', async () => {
  const [one, two] = [holder(new Set()), holder(new Set())]
  expect(await isSameFolder(one.folder, two.folder)).toBe(false)
  expect([one.state.looks, two.state.looks]).toEqual([1, 1])
  vi.setSystemTime(Date.now() + 59_000)
  await isSameFolder(one.folder, two.folder)
  expect(two.state.looks).toBe(1)
  vi.setSystemTime(Date.now() + 1_000)
  await isSameFolder(one.folder, two.folder)
  expect(two.state.looks).toBe(2)
})

it('one look in vain proves nothing: the folder may be shown as it was', async () => {
  const storage = new Set<string>()
  const [one, two] = [holder(storage), holder(storage, { sees: new Set() })]
  expect(await isSameFolder(one.folder, two.folder)).toBe(true)
})

it('nor does it where the other way can’t be tried', async () => {
  const [one, two] = [holder(new Set()), holder(new Set(), { isReadOnly: true })]
  expect(await isSameFolder(one.folder, two.folder)).toBeUndefined()
})

it('a pool that can’t be looked at anew while a volume is made there is no answer, and is asked again', async () => {
  const storage = new Set<string>()
  let isBusy = true
  const busy = { isBusy: () => isBusy }
  const [one, two] = [holder(storage, busy), holder(storage, busy)]
  expect(await isSameFolder(one.folder, two.folder)).toBeUndefined()
  isBusy = false
  vi.setSystemTime(Date.now() + 60_000)
  expect(await isSameFolder(one.folder, two.folder)).toBe(true)
})
