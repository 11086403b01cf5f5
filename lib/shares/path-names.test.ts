import { describe, expect, it } from 'vitest'
import { PathNames } from './path-names.ts'

const withNames = (...paths: string[]) => {
  const names = new PathNames(false)
  for (const path of paths) names.of(path)
  return names
}

describe('names of files', () => {
  it('are numbers in the order in which they are met, alike in pictures and sentences', () => {
    const names = new PathNames(false)
    expect([
      names.of('/var/lib/images/web.qcow2'),
      names.of('/var/lib/images/web.s1'),
      names.of('/var/lib/images/web.qcow2'),
    ]).toEqual(['file 1', 'file 2', 'file 1'])
    expect(names.text('Merge vda: web.s1 into web.qcow2')).toBe('Merge vda: file 2 into file 1')
    expect(names.text('/var/lib/images/web.s1 is missing.')).toBe('file 2 is missing.')
  })

  it('keep no folder, and take a longer name for no shorter one', () => {
    expect(
      withNames('/srv/my images/a.img', '/srv/my images/a.img.1').text(
        'No room in /srv/my images: a.img.1, then a.img.',
      ),
    ).toBe('No room in a folder: file 2, then file 1.')
  })

  it('are found by their looks where nobody made them known, to the end of the line: a name may hold spaces', () => {
    const names = new PathNames(false)
    expect(names.text('before other.qcow2 moves to qemu+ssh://ann@rack1/system')).toBe(
      'before a file moves to the host',
    )
    expect(names.text("copied to '/data/My Customers/ACME GmbH/db disk.qcow2' by hand\nthen tested")).toBe(
      "copied to 'a file\nthen tested",
    )
    for (const plain of ['512 KiB/s, 1/2 done', 'and/or', 'Taken at 12:00.', 'vda: done'])
      expect(names.text(plain)).toBe(plain)
  })

  it('do not say which of two files of one name is meant', () => {
    expect(withNames('/a/disk.raw', '/b/disk.raw').text('disk.raw')).toBe('a file')
  })

  it('survive what means something in a pattern', () => {
    expect(withNames('/a/x (1)+[2].qcow2', '/a/$&').text('x (1)+[2].qcow2; /a/$&')).toBe('file 1; file 2')
  })

  it('stay where paths are allowed; hosts go all the same', () => {
    const names = new PathNames(true)
    expect([names.of('/a/b'), names.of('nbd://rack1/disk'), names.text('/a/b at qemu:///system')]).toEqual([
      '/a/b',
      'file 1',
      '/a/b at the host',
    ])
  })
})
