import { describe, expect, it } from 'vitest'
import type { ImageReading } from '../hosts/image-files.ts'
import { found } from '../testing/situation-of.ts'
import { findUsers } from './file-users.ts'
import { isAlike, seeOtherNames } from './other-names.ts'
import { markOf } from './same-file.ts'
import type { FileMark, HostUses, SameFolder, Use, UsedFile } from './types.ts'

const at = (seconds: number, lengthBytes = 10) =>
  ({ timestamps: `${seconds}.0 0 0`, lengthBytes }) as Partial<ImageReading>
const golden = found('/i/golden-v3', null, at(1_000))
const markFrom = (reading: ImageReading): FileMark =>
  markOf(reading as Extract<ImageReading, { kind: 'found' }>)!
const GOLDEN = markFrom(golden)

const usesOf = (path: string, mark: FileMark | null, kind: Use['kind'] = 'disk'): HostUses => ({
  host: 'two',
  files: [
    {
      path,
      mark,
      uses: [
        {
          host: 'two',
          vmUuid: 'b',
          vmName: 'b',
          running: false,
          kind,
          target: 'vda',
          isOther: false,
          snapshot: null,
        },
      ],
    },
  ],
  gaps: [],
})

/** Who needs /i/golden-v3 of host one, and what was looked at for it. */
async function ask(uses: HostUses, here: ImageReading[], sameFolder: SameFolder = () => true) {
  const looked: string[] = []
  const host = {
    name: 'one',
    files: {
      read: (path: string): Promise<ImageReading> => {
        looked.push(path)
        return Promise.resolve(
          here.find((each) => each.path === path) ?? { kind: 'missing', path, reason: '' },
        )
      },
    },
  }
  const others = await seeOtherNames(host, new Map([['/i/golden-v3', GOLDEN]]), [uses], sameFolder)
  const asked = { host: 'one', path: '/i/golden-v3', before: GOLDEN, after: GOLDEN }
  const users = findUsers([asked], others, sameFolder).of(asked.path)
  return { looked, users: users.map(({ path, isSure }) => [path, isSure]) }
}

describe('a file of another host under another name', () => {
  it('is the one in question where this host sees that under the name', async () => {
    const link = { ...golden, path: '/i/latest' }
    expect(await ask(usesOf('/mnt/latest', GOLDEN), [link])).toEqual({
      looked: ['/i/latest'],
      users: [['/mnt/latest', true]],
    })
  })

  it('is another where this host sees other facts, or none', async () => {
    const other = found('/i/latest', null, at(1_000, 11))
    expect((await ask(usesOf('/mnt/latest', GOLDEN), [other])).users).toEqual([])
    expect((await ask(usesOf('/mnt/latest', GOLDEN), [])).users).toEqual([])
  })

  it('may be it where this host can’t read it', async () => {
    const unread: ImageReading = { kind: 'unreadable', path: '/i/latest', reason: '' }
    expect((await ask(usesOf('/mnt/latest', GOLDEN), [unread])).users).toEqual([['/mnt/latest', false]])
  })

  it('is looked at when the other host itself could not, but not what is no layer', async () => {
    const link = { ...golden, path: '/i/latest' }
    expect((await ask(usesOf('/mnt/latest', null), [link])).users).toEqual([['/mnt/latest', true]])
    expect((await ask(usesOf('/mnt/latest', null, 'configuration'), [link])).looked).toEqual([])
  })

  it.each([false, undefined])('is not looked at where the folder is %s to be the same', async (same) => {
    expect(await ask(usesOf('/mnt/latest', GOLDEN), [], () => same)).toEqual({ looked: [], users: [] })
  })

  it('is not looked at when it can’t be it, or has the same name', async () => {
    const old = markFrom(found('/x', null, at(400)))
    expect((await ask(usesOf('/mnt/latest', old), [])).looked).toEqual([])
    expect(await ask(usesOf('/mnt/golden-v3', GOLDEN), [])).toEqual({
      looked: [],
      users: [['/mnt/golden-v3', true]],
    })
  })

  it('is looked at once, however many files are in question', async () => {
    const looked: string[] = []
    const host = {
      name: 'one',
      files: {
        read: (path: string): Promise<ImageReading> => {
          looked.push(path)
          return Promise.resolve({ ...golden, path } as ImageReading)
        },
      },
    }
    const asked = new Map(['/i/a', '/i/b', '/j/c'].map((path) => [path, GOLDEN]))
    const uses = usesOf('/mnt/latest', GOLDEN)
    const [seen] = await seeOtherNames(host, asked, [uses, usesOf('/mnt/latest', GOLDEN)], () => true)
    expect(looked.sort()).toEqual(['/i/latest', '/j/latest'])
    expect(Object.keys((seen!.files[0] as UsedFile).seen!)).toEqual(['/i/latest', '/j/latest'])
  })
})

it('files are alike whose headers agree and whose times lie within what a cache may hide', () => {
  expect(isAlike(GOLDEN, { ...GOLDEN, lengthBytes: 99 })).toBe(true)
  expect(isAlike(GOLDEN, { ...GOLDEN, modifiedNs: GOLDEN.modifiedNs + 599_000_000_000n })).toBe(true)
  expect(isAlike(GOLDEN, { ...GOLDEN, modifiedNs: GOLDEN.modifiedNs + 600_000_000_000n })).toBe(false)
  expect(isAlike(GOLDEN, { ...GOLDEN, header: 'other' })).toBe(false)
  expect(isAlike(null, GOLDEN)).toBe(false)
})
